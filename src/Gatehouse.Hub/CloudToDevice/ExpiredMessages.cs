using Gatehouse.Store;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Ends messages that have expired in their queue; the index by expiry finds them.</summary>
internal sealed class ExpiredMessages(Database database, CloudToDeviceMetrics metrics, TimeProvider time)
{
    private const int MaxRowsAtOnce = 100;

    internal async Task RemoveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            var queues = await database.ReadAsync((connection, token) => DeviceMessageRows.FindExpiredAsync(connection, now.UtcTicks, MaxRowsAtOnce, token), cancellationToken);
            if (queues.Count == 0)
            {
                return;
            }

            await RemoveAsync(queues, now, cancellationToken);
        }
    }

    private async Task RemoveAsync(IReadOnlyList<DeviceQueue> queues, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync<int>(
            async (write, token) =>
            {
                var count = 0;

                // In one order: nodes that do this at once wait for each other in one direction only.
                foreach (var queue in queues.OrderBy(static each => $"{each.Hub}/{each.Device}/{each.GenerationId}", StringComparer.Ordinal))
                {
                    await DeviceMessageRows.LockAsync(write, database.Dialect, queue, token);
                    foreach (var row in await DeviceMessageRows.RemoveExpiredAsync(write, queue, now.UtcTicks, token))
                    {
                        await FeedbackBatches.RecordAsync(write, row, MessageOutcome.Expired, now, token);
                        count++;
                    }
                }

                return count;
            },
            cancellationToken);
        metrics.Ended(MessageOutcome.Expired, removed.Value);
    }
}
