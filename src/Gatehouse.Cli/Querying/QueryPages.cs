using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Querying;

/// <summary>The rows of a query, page after page.</summary>
internal static class QueryPages
{
    private const int PageItems = 1_000;

    /// <param name="call">Whose hub.</param>
    /// <param name="path">Of the query.</param>
    /// <param name="body">Null: a GET.</param>
    /// <param name="top">Most rows; null for all.</param>
    internal static async IAsyncEnumerable<JsonNode> ReadAsync(Call call, HubPath path, JsonNode? body, int? top)
    {
        var left = top ?? int.MaxValue;
        string? continuation = null;
        do
        {
            var (rows, next) = await call.Hub.PageAsync(path, body, Math.Min(left, PageItems), continuation, call.Cancellation);
            foreach (var row in rows.Take(left))
            {
                left--;
                yield return row!.DeepClone();
            }

            continuation = next;
        }
        while (continuation is not null && left > 0);
    }
}
