using Gatehouse.Store;

namespace Gatehouse.Hub.Routing.DeadLetters;

/// <summary>Puts messages among the dead letters of one endpoint and keeps these within their bounds, without counting all of them for each one.</summary>
internal sealed class DeadLetterBurial(Database database, RoutingOptions options)
{
    // One partition after another, so that each knows what the others have added.
    private readonly SemaphoreSlim turn = new(1);

    // At most what is there: operators take letters away. Null: to be counted.
    private DeadLetterSum? most;

    /// <summary>Durable when the task completes; how many older ones went for them.</summary>
    internal async Task<int> BuryAsync(EndpointPlace place, IReadOnlyList<DeadLetterRow> rows, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            var sum = most is null ? null : most with { Letters = most.Letters + rows.Count, Bytes = most.Bytes + rows.Sum(row => row.Size) };
            most = null;
            var mustCount = sum is null || sum.Letters > options.MaxDeadLetters || sum.Bytes > options.MaxDeadLetterBytes;
            var dropped = await database.WriteAsync<int>(
                async (write, cancel) =>
                {
                    await DeadLetterRows.AddAsync(write, place.Hub, place.Id, rows, cancel);
                    if (!mustCount)
                    {
                        return 0;
                    }

                    (var cut, sum) = await DeadLetterRows.CutAsync(write, place.Hub, place.Id, options.MaxDeadLetters, options.MaxDeadLetterBytes, cancel);
                    return cut;
                },
                cancellationToken);
            most = sum;
            return dropped.Value;
        }
        finally
        {
            turn.Release();
        }
    }
}

/// <param name="Letters">How many.</param>
/// <param name="Bytes">Of their records.</param>
internal sealed record DeadLetterSum(long Letters, long Bytes);
