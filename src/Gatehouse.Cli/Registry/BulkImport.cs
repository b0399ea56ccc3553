using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Registry;

/// <summary>What became of one identity.</summary>
/// <param name="Item">Which.</param>
/// <param name="Error">Null when it was done.</param>
/// <param name="IsUnknown">The answer was lost: it may have been done.</param>
internal sealed record ImportOutcome(ImportItem Item, string? Error, bool IsUnknown = false);

/// <summary>Sends identities in calls of at most a hundred. Every one gets an outcome, whatever happens on the way.</summary>
internal sealed class BulkImport(HubClient hub)
{
    // Items of one call, source: IoT Hub "Understand the identity registry" page; bytes of one call: below the server's 1 MiB.
    private const int MaxItems = 100;
    private const int MaxBytes = 900_000;
    private const int MaxAttempts = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    internal async IAsyncEnumerable<ImportOutcome> RunAsync(
        IReadOnlyList<ImportItem> items, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? stopped = null;
        foreach (var batch in Batches(items))
        {
            if (stopped is not null)
            {
                foreach (var item in batch)
                {
                    yield return new ImportOutcome(item, $"not sent: {stopped}");
                }

                continue;
            }

            List<ImportOutcome> outcomes;
            try
            {
                outcomes = await SendAsync(batch, cancellationToken);
            }
            catch (Exception error) when (error is CliException or OperationCanceledException)
            {
                var lost = error is HubUnreachable or OperationCanceledException;
                stopped = error is OperationCanceledException ? "the import was stopped" : error.Message;
                outcomes = [.. batch.Select(item => new ImportOutcome(item, lost ? $"unknown: {stopped}" : stopped, lost))];
            }

            foreach (var outcome in outcomes)
            {
                yield return outcome;
            }
        }
    }

    private async Task<List<ImportOutcome>> SendAsync(List<ImportItem> batch, CancellationToken cancellationToken)
    {
        var body = new JsonArray([.. batch.Select(item => item.Body.DeepClone())]);
        try
        {
            var answer = await PostAsync(body, cancellationToken);
            return [.. batch.Select(item => new ImportOutcome(item, ErrorOf(answer, item)))];
        }
        catch (HubRefusal refusal) when (refusal.Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge)
        {
            // One unreadable item makes the hub refuse a call as a whole, unchanged: halve until it stands alone.
            if (batch.Count == 1)
            {
                return [new ImportOutcome(batch[0], refusal.Message)];
            }

            var half = batch.Count / 2;
            return [.. await SendAsync([.. batch.Take(half)], cancellationToken), .. await SendAsync([.. batch.Skip(half)], cancellationToken)];
        }
    }

    private async Task<JsonNode> PostAsync(JsonArray body, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await hub.PostAsync(HubPath.Service("devices"), body, null, cancellationToken);
            }
            catch (HubRefusal refusal) when (refusal.Status == HttpStatusCode.TooManyRequests && attempt < MaxAttempts)
            {
                await Task.Delay(pause, cancellationToken);
                pause *= 2;
            }
        }
    }

    private static string? ErrorOf(JsonNode answer, ImportItem item)
    {
        foreach (var error in answer["errors"]?.AsArray() ?? [])
        {
            var module = (string?)error!["moduleId"];
            if ((string?)error["deviceId"] == item.Key.Device.Value && (string.IsNullOrEmpty(module) ? null : module) == item.Key.Module?.Value)
            {
                return $"{error["errorStatus"]} ({error["errorCode"]})";
            }
        }

        return null;
    }

    // The order of the file is kept; the same identity twice goes into two calls, as the hub wants.
    private static IEnumerable<List<ImportItem>> Batches(IReadOnlyList<ImportItem> items)
    {
        var batch = new List<ImportItem>();
        var named = new HashSet<Contracts.Identities.IdentityKey>();
        var bytes = 0;
        foreach (var item in items)
        {
            var length = item.Body.ToJsonString().Length;
            if (batch.Count > 0 && (batch.Count == MaxItems || bytes + length > MaxBytes || named.Contains(item.Key)))
            {
                yield return batch;
                (batch, bytes) = ([], 0);
                named.Clear();
            }

            batch.Add(item);
            named.Add(item.Key);
            bytes += length;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
