using System.Collections.Frozen;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity.SharedAccess;

namespace Gatehouse.Identity.Peers;

/// <summary>
/// Whether a policy token's scope covers a node. The events of a hub have two names: <c>messages/events/…</c>, and for Event Hubs clients
/// <c>{entity}/…</c>, where the entity is the hub's name. Either covers the other.
/// </summary>
/// <remarks>Source: service-plane §7.4 of the wire reference (audience forms).</remarks>
internal static class NodeScope
{
    private const string Messages = "messages";
    private const string Events = "events";

    // First segments of the hub's other paths: a hub that is named like one has its events by the long name only,
    // or a token for that path would open them.
    private static readonly FrozenSet<string> Taken = new[] { "devices", "messages", "modules", "twins", "jobs", "statistics", "configurations" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    internal static bool Covers(TokenScope scope, HubName hub, ReadOnlySpan<string> path) =>
        scope.Covers(path, TokenScope.PolicyKeyDecodings)
        || (OtherName(hub, path) is { } other && scope.Covers(other, TokenScope.PolicyKeyDecodings));

    private static string[]? OtherName(HubName hub, ReadOnlySpan<string> path)
    {
        if (Taken.Contains(hub.Value))
        {
            return null;
        }

        return path switch
        {
            [var first, var second, .. var rest] when Is(first, Messages) && Is(second, Events) => [hub.Value, .. rest],
            [var first, .. var rest] when Is(first, hub.Value) => [Messages, Events, .. rest],
            _ => null,
        };
    }

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
