using System.Buffers;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing.Outbox;

/// <summary>Moves events of one hub from the outbox into the log that the router reads: first durable there, then gone here, so that a crash repeats some and loses none.</summary>
internal sealed class OutboxPump : IDisposable
{
    /// <summary>Few enough that they fit into memory when all are as large as an event can be.</summary>
    private const int MaxEvents = 100;

    // Signals of other nodes may be lost.
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly HubName hub;
    private readonly HubIntake intake;
    private readonly RoutingParts parts;
    private readonly IDisposable subscription;
    private TaskCompletionSource wake = New();

    internal OutboxPump(HubName hub, HubIntake intake, RoutingParts parts)
    {
        (this.hub, this.intake, this.parts) = (hub, intake, parts);
        subscription = parts.Signals.Subscribe(SignalSubjects.EventsWaiting, OnWaiting);
    }

    /// <summary>Runs until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // Before the look: what comes during it is looked for once more.
                var woken = New();
                Volatile.Write(ref wake, woken);
                switch (await MoveAsync(cancellationToken))
                {
                    case Moved.All:
                        await WaitAsync(woken.Task, cancellationToken);
                        break;
                    case Moved.WhatThereWasRoomFor:
                        await intake.Log.WaitForRoomAsync(cancellationToken);
                        break;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                parts.Log.OutboxNotMoved(hub.Value, error);
                await Task.Delay(RestartPause, parts.Time, CancellationToken.None);
            }
        }
    }

    public void Dispose() => subscription.Dispose();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void OnWaiting(Signal signal)
    {
        if (signal.Hub == hub.Value)
        {
            Volatile.Read(ref wake).TrySetResult();
        }
    }

    private async Task WaitAsync(Task woken, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(woken, Task.Delay(Round, parts.Time, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<Moved> MoveAsync(CancellationToken cancellationToken)
    {
        var database = parts.Database;
        if (parts.Logs.IsShared && database.Dialect.ForUpdate.Length > 0)
        {
            // The rows stay locked until they are in the log: a node that lost its lease without knowing cannot bring in old ones behind newer ones.
            var moved = await database.WriteAsync<Moved>(
                async (write, cancel) =>
                {
                    var locked = await OutboxRows.ReadAsync(write.Connection, write.Transaction, hub, MaxEvents, database.Dialect.ForUpdate, cancel);
                    var stored = await AppendAsync(locked, cancel);
                    if (stored > 0)
                    {
                        await OutboxRows.DeleteAsync(write, database.Dialect, hub, locked.Take(stored).Select(row => row.Id), cancel);
                    }

                    return ResultOf(locked, stored);
                },
                cancellationToken);
            return moved.Value;
        }

        var rows = await database.ReadAsync((connection, cancel) => OutboxRows.ReadAsync(connection, null, hub, MaxEvents, "", cancel), cancellationToken);
        var appended = await AppendAsync(rows, cancellationToken);
        if (appended > 0)
        {
            await database.WriteAsync<bool>(
                async (write, cancel) =>
                {
                    await OutboxRows.DeleteAsync(write, database.Dialect, hub, rows.Take(appended).Select(row => row.Id), cancel);
                    return true;
                },
                cancellationToken);
        }

        return ResultOf(rows, appended);
    }

    private static Moved ResultOf(IReadOnlyList<OutboxRow> rows, int moved) => moved < rows.Count ? Moved.WhatThereWasRoomFor : moved < MaxEvents ? Moved.All : Moved.Many;

    /// <summary>How many of the first are in the log now: as many as there is room for. The caller may hold a transaction, which must not wait for a log that takes nothing.</summary>
    private async Task<int> AppendAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        var log = intake.Log;
        var wait = new CommitWait();
        var count = 0;
        foreach (var row in rows)
        {
            wait.Add();
            if (!log.TryAppend(TelemetryIntake.PartitionOf(DeviceId.Parse(row.DeviceId), log.PartitionCount), row.Record, ReadOnlySequence<byte>.Empty, wait, 0))
            {
                // It was not taken, and is not waited for.
                wait.OnCommitted(0);
                break;
            }

            count++;
        }

        if (!await wait.WaitAsync().WaitAsync(cancellationToken))
        {
            throw new IOException("Events of the hub could not be stored.");
        }

        return count;
    }

    private enum Moved
    {
        /// <summary>None is left.</summary>
        All,

        /// <summary>There may be more.</summary>
        Many,

        /// <summary>The log takes no more now.</summary>
        WhatThereWasRoomFor,
    }
}
