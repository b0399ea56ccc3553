using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Peers;

/// <summary>What became of a token that was brought. Refusals have been reported.</summary>
internal abstract record TokenVerdict
{
    private TokenVerdict()
    {
    }

    internal sealed record Accepted(ProofPlace Place, Proof Proof, Judgement Judged) : TokenVerdict;

    internal sealed record Refused(HubError Error) : TokenVerdict;
}

/// <summary>What became of the wish to be an identity.</summary>
internal abstract record ActVerdict
{
    private ActVerdict()
    {
    }

    internal sealed record ByPolicy(Principal Principal) : ActVerdict;

    internal sealed record ByCertificate(Proof Proof, Principal Principal) : ActVerdict;

    internal sealed record Refused(Verdict.Refused Refusal) : ActVerdict;
}
