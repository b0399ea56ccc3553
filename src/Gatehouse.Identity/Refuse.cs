using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity;

/// <summary>Makes refusals: one catalogue entry per plane for the peer, the whole story for the operator.</summary>
internal static class Refuse
{
    // What a peer wrote is echoed to the operator at most this long.
    private const int MaxQuotedCharacters = 257;

    /// <summary>For a device or module: 401003 whatever the reason.</summary>
    internal static Verdict.Refused Device(RefusalReason reason, string detail) => new(reason, HubErrors.IotHubUnauthorized, detail);

    /// <summary>For a back end: 401002 whatever the reason.</summary>
    internal static Verdict.Refused Policy(RefusalReason reason, string detail) => new(reason, HubErrors.IotHubUnauthorizedAccess, detail);

    /// <summary>503001 for everybody: the proof was not judged, and may be good.</summary>
    internal static Verdict.Refused KeysOutOfReach() =>
        new(RefusalReason.KeysOutOfReach, HubErrors.ServiceUnavailable, "The token could not be judged, since the HSM that keeps the keys does not answer; see the server's log (KeysOutOfReach).");

    internal static Verdict.Refused UnknownHub(string hostName) =>
        new(RefusalReason.UnknownHub, HubErrors.IotHubNotFound, $"No hub answers to the host name {Quote(hostName)}; add it to the hub's host names or correct the connection string.");

    /// <summary>Peer's text made safe to read: cut, and control and non-ASCII characters replaced.</summary>
    internal static string Quote(ReadOnlySpan<char> text)
    {
        var cut = text.Length > MaxQuotedCharacters;
        var shown = (cut ? text[..MaxQuotedCharacters] : text).ToArray();
        for (var i = 0; i < shown.Length; i++)
        {
            shown[i] = shown[i] is >= ' ' and <= '~' ? shown[i] : '?';
        }

        return $"'{new string(shown)}{(cut ? "…" : "")}'";
    }
}
