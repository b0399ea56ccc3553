using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Querying;

/// <summary>The rows of a query, page after page.</summary>
internal static class QueryPages
{
    private const int PageItems = 1_000;

    /// <param name="hub">Hub or provisioning service.</param>
    /// <param name="path">Of the query.</param>
    /// <param name="body">Null: a GET.</param>
    /// <param name="top">Most rows; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async IAsyncEnumerable<JsonNode> ReadAsync(HubClient hub, HubPath path, JsonNode? body, int? top, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = top ?? int.MaxValue;
        string? continuation = null;
        do
        {
            var (rows, next) = await hub.PageAsync(path, body, Math.Min(left, PageItems), continuation, cancellationToken);
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
