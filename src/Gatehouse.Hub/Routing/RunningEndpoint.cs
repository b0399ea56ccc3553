using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>The deliveries of one endpoint: one for each partition of its queue, so that a device's events keep their order and one that is slow holds up no other.</summary>
internal sealed class RunningEndpoint
{
    private readonly EndpointPlace place;
    private readonly RoutingParts parts;
    private readonly DeadLetterBurial burial;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> tasks = [];
    private readonly long[] at;

    private RunningEndpoint(EndpointPlace place, StoredEndpoint definition, EndpointState state, RoutingParts parts, Dictionary<int, long> from)
    {
        (this.place, Definition, State, this.parts) = (place, definition, state, parts);
        burial = new DeadLetterBurial(parts.Database, parts.Options);
        at = [.. Enumerable.Range(0, place.Queue.PartitionCount).Select(part => from.GetValueOrDefault(part))];
    }

    internal StoredEndpoint Definition { get; }

    internal EndpointState State { get; }

    internal IEventLog Queue => place.Queue;

    /// <summary>Name of an endpoint's queue.</summary>
    internal static string QueueOf(string id) => $"q_{id}";

    internal static async Task<RunningEndpoint> StartAsync(
        HubName hub, StoredEndpoint endpoint, EndpointState state, Positions positions, RoutingParts parts, CancellationToken cancellationToken)
    {
        var shown = endpoint.Shown;
        var queue = await parts.Logs.OpenQueueAsync(hub, QueueOf(shown.Id), cancellationToken);
        var running = new RunningEndpoint(
            new EndpointPlace(hub, shown.Id, shown.Name, shown.Type, queue), endpoint, state, parts, await positions.ReadAsync(shown.Id, cancellationToken));
        running.Begin(positions);
        return running;
    }

    internal EndpointStatus Show()
    {
        var waiting = 0L;
        for (var part = 0; part < place.Queue.PartitionCount; part++)
        {
            waiting += Math.Max(0, place.Queue.GetState(part).LastSequenceNumber + 1 - Volatile.Read(ref at[part]));
        }

        return State.Show(place.Name, place.Type) with { Waiting = waiting };
    }

    /// <summary>May be asked again: what follows a stop can fail and is then tried once more.</summary>
    internal async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(tasks);
    }

    private void Begin(Positions positions)
    {
        for (var part = 0; part < at.Length; part++)
        {
            tasks.Add(DeliverAsync(part, positions));
        }
    }

    private async Task DeliverAsync(int part, Positions positions)
    {
        // Off the caller's thread.
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var sink = parts.Sinks.Open(place.Hub, Definition);
                await new EndpointDelivery(place, sink, positions, State, burial, parts, moved => Volatile.Write(ref at[part], moved)).RunAsync(part, at[part], stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The log or the vault is away; nothing has moved.
                if (State.Failed(error.Message))
                {
                    parts.Log.EndpointUnhealthy(place.Hub.Value, place.Name, error.Message);
                }

                await Task.Delay(parts.Options.RetryPause, parts.Time, CancellationToken.None);
            }
        }
    }

    /// <summary>The endpoint is gone: what waits for it goes too, and its dead letters.</summary>
    internal async Task DropAsync(Positions positions, CancellationToken cancellationToken)
    {
        for (var part = 0; part < place.Queue.PartitionCount; part++)
        {
            place.Queue.KeepFrom(part, place.Queue.GetState(part).LastSequenceNumber + 1);
        }

        await positions.ForgetAsync(place.Id, cancellationToken);
        await parts.Database.DeleteInBatchesAsync((write, max, cancel) => DeadLetterRows.DeleteOldestAsync(write, place.Hub, place.Id, max, cancel), cancellationToken);
    }
}
