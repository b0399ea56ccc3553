using System.Collections.Concurrent;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>How far each queue of a hub was carried on, written behind; what was written down is let go by the log.</summary>
internal sealed class Positions(Database database, HubName hub)
{
    private readonly ConcurrentDictionary<(string Queue, int Part), Entry> entries = new();
    private readonly SemaphoreSlim writing = new(1);

    /// <summary>Where to go on, by partition.</summary>
    internal async Task<Dictionary<int, long>> ReadAsync(string queue, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, cancel) => PositionRows.ReadAsync(connection, hub, queue, cancel), cancellationToken);

    internal void Move(string queue, IEventLog log, int part, long next) => entries[(queue, part)] = new Entry(log, next);

    /// <summary>Makes what was moved since the last time durable.</summary>
    internal async Task FlushAsync(CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            var moved = entries.ToArray();
            if (moved.Length == 0)
            {
                return;
            }

            await database.WriteAsync<bool>(
                async (write, cancel) =>
                {
                    foreach (var (key, entry) in moved)
                    {
                        await PositionRows.SaveAsync(write, hub, key.Queue, key.Part, entry.Next, cancel);
                    }

                    return true;
                },
                cancellationToken);
            foreach (var each in moved)
            {
                each.Value.Log.KeepFrom(each.Key.Part, each.Value.Next);
                entries.TryRemove(each);
            }
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>A queue that is gone.</summary>
    internal Task ForgetAsync(string queue, CancellationToken cancellationToken)
    {
        foreach (var key in entries.Keys.Where(key => key.Queue == queue))
        {
            entries.TryRemove(key, out _);
        }

        return database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                await PositionRows.ForgetAsync(write, hub, queue, cancel);
                return true;
            },
            cancellationToken);
    }

    private sealed record Entry(IEventLog Log, long Next);
}
