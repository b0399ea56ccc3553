using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Connections;

/// <summary>Writes changed connection states behind, many in one transaction: every five seconds, at once when a session waits for it, and at the end. What routes are told of them is in the same transaction.</summary>
/// <remarks>So a connection that comes and goes between two writes is not told, as the service does not tell all of them; a state that was stored was told.</remarks>
public sealed class ConnectionWriter(Database database, ConnectionStates states, EventOutbox outbox, TimeProvider time, ILogger<ConnectionWriter> logger) : BackgroundService
{
    private const int MaxBatch = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Completes when the states changed so far are durable; concurrent callers share a transaction.</summary>
    /// <exception cref="StoreException">The store cannot write.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            while (await WriteBatchAsync(cancellationToken))
            {
            }
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Loads what was stored, before the doors open.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync(cancellationToken);
    }

    public override void Dispose()
    {
        writing.Dispose();
        base.Dispose();
    }

    internal async Task LoadAsync(CancellationToken cancellationToken)
    {
        await database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await ConnectionRows.PruneAsync(write, cancel);
                return true;
            },
            cancellationToken);
        foreach (var state in await database.ReadAsync(ConnectionRows.ReadAllAsync, cancellationToken))
        {
            states.Restore(state);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryFlushAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // StopAsync writes the rest.
        }
    }

    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            logger.ConnectionStatesNotWritten(states.Dirty.Count, error);
        }
    }

    private async Task<bool> WriteBatchAsync(CancellationToken cancellationToken)
    {
        var batch = new List<ConnectionState>();
        while (batch.Count < MaxBatch && states.Dirty.TryDequeue(out var state))
        {
            state.MarkClean(); // before the read: a change from here on queues it again
            batch.Add(state);
        }

        if (batch.Count == 0)
        {
            return false;
        }

        try
        {
            var told = new List<ConnectionEvent>();
            await database.WriteAsync((write, cancel) => SaveAsync(write, batch, told, cancel), cancellationToken);
            told.ForEach(each => each.State.IsToldConnected = each.IsConnected);
        }
        catch
        {
            batch.ForEach(states.MarkDirty);
            throw;
        }

        return batch.Count == MaxBatch;
    }

    private async Task<Result<bool>> SaveAsync(WriteTransaction write, List<ConnectionState> batch, List<ConnectionEvent> told, CancellationToken cancellationToken)
    {
        foreach (var state in batch)
        {
            var (isConnected, changed) = states.Read(state);
            await ConnectionRows.SaveAsync(write, state, isConnected, changed, cancellationToken);
            if (isConnected != state.IsToldConnected)
            {
                told.Add(new ConnectionEvent(state, isConnected, changed));
            }
        }

        foreach (var hub in told.GroupBy(each => each.State.Hub))
        {
            if (await outbox.WantsAsync(hub.Key, RouteSource.DeviceConnectionStateEvents, cancellationToken))
            {
                await outbox.AddAsync(write, hub.Key, [.. hub.Select(each => each.ToEvent())], cancellationToken);
            }
        }

        return true;
    }
}
