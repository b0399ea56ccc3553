using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity.Peers;

/// <summary>Tells the operator of one connection's refusals.</summary>
internal sealed class PeerRefusals(PeerProofSource source, PeerOrigin origin)
{
    // As in the refusal's own contract.
    private const int MaxClaimedCharacters = 257;

    /// <summary>Reports it; returns what the peer is told.</summary>
    internal HubError Report(HubName? hub, string? claimed, Verdict.Refused refused)
    {
        source.Refusals.Report(new Refusal
        {
            Hub = hub?.Value,
            Claimed = claimed is { Length: > MaxClaimedCharacters } ? claimed[..MaxClaimedCharacters] : claimed,
            Reason = refused.Reason,
            Error = refused.Error,
            Detail = refused.Detail,
            Protocol = origin.Client.Protocol,
            RemoteAddress = origin.Address?.ToString(),
        });
        return refused.Error;
    }

    /// <summary>The same for a proof that the authenticators did not see: it counts for back-off.</summary>
    internal HubError ReportUnjudged(HubName? hub, string? claimed, Verdict.Refused refused)
    {
        if (origin.Address is { } address)
        {
            source.Parts.Backoff?.Refused(address, null);
        }

        return Report(hub, claimed, refused);
    }
}
