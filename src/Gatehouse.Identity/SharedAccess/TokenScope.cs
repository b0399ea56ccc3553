using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>What a token's <c>sr</c> covers, matched by segments: <c>/a/b</c> covers <c>/a/b/c</c>, never <c>/a/bc</c>.</summary>
/// <remarks>
/// Only meaningful once the signature over the text as received is good. Decode depth counts from that text. An identity's own key may
/// name its id undecoded (C, raw ids with <c>%</c>), decoded once (Node, Python) or twice (C#): the key already is that identity's own.
/// A policy's key gets one decoding at most, or a token scoped to the id <c>a%2541</c> would pass as <c>aA</c>.
/// </remarks>
internal readonly struct TokenScope
{
    internal const int IdentityKeyDecodings = 2;
    internal const int PolicyKeyDecodings = 1;

    private static readonly string[] Schemes = ["https://", "amqps://", "amqp://", "sb://"];

    private readonly string[] segments;
    private readonly int decoded;

    private TokenScope(string[] segments, int decoded) => (this.segments, this.decoded) = (segments, decoded);

    /// <summary>Number of segments after the host.</summary>
    internal int Depth => segments.Length - 1;

    internal string Host => segments[0];

    /// <summary>What follows the host.</summary>
    internal ReadOnlySpan<string> Path => segments.AsSpan(1);

    internal static TokenScope Parse(ReadOnlySpan<char> resource)
    {
        var decoded = 0;
        var text = resource.ToString();
        if (!text.Contains('/', StringComparison.Ordinal) && PercentText.TryDecode(resource, out var once))
        {
            (text, decoded) = (once, 1);
        }

        foreach (var scheme in Schemes)
        {
            if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                text = text[scheme.Length..];
                break;
            }
        }

        return new TokenScope(text.TrimEnd('/').Split('/'), decoded);
    }

    internal bool IsForHost(HubEntry hub) => HostText.IsOneOf(Host, hub.HostNames);

    /// <summary>Whether the path of this scope is a segment-wise prefix of <paramref name="resource"/> (host left out).</summary>
    internal bool Covers(ReadOnlySpan<string> resource, int maxDecodings) => Depth <= resource.Length && IsSame(resource, Depth, maxDecodings);

    /// <summary>Whether <paramref name="resource"/> is a segment-wise prefix of the path of this scope, or the whole of it.</summary>
    internal bool Names(ReadOnlySpan<string> resource, int maxDecodings) => Depth >= resource.Length && IsSame(resource, resource.Length, maxDecodings);

    private bool IsSame(ReadOnlySpan<string> resource, int count, int maxDecodings)
    {
        for (var i = 0; i < count; i++)
        {
            // Fixed words in any case; what follows them is an id and compares ordinal.
            var comparison = i > 0 && IsFollowedById(resource[i - 1]) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
            if (!Matches(segments[i + 1], resource[i], comparison, maxDecodings - decoded))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsFollowedById(string segment) =>
        segment.Equals("devices", StringComparison.OrdinalIgnoreCase)
        || segment.Equals("modules", StringComparison.OrdinalIgnoreCase)
        || segment.Equals("twins", StringComparison.OrdinalIgnoreCase);

    private static bool Matches(string segment, string wanted, StringComparison comparison, int decodings)
    {
        if (segment.Length == 0)
        {
            return false;
        }

        while (!segment.Equals(wanted, comparison))
        {
            if (decodings-- <= 0 || !segment.Contains('%', StringComparison.Ordinal) || !PercentText.TryDecode(segment, out segment))
            {
                return false;
            }
        }

        return true;
    }
}
