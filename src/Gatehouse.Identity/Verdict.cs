using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity;

/// <summary>Outcome of an authentication.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    public sealed record Accepted(Principal Principal) : Verdict;

    /// <param name="Reason">For the audit record.</param>
    /// <param name="Error">For the peer: refusals of one kind look alike from outside.</param>
    /// <param name="Detail">One sentence for the operator; never a secret.</param>
    public sealed record Refused(RefusalReason Reason, HubError Error, string Detail) : Verdict
    {
        /// <summary>Hub that was addressed; null when none answers to the host name.</summary>
        public string? Hub { get; init; }

        /// <summary>Policy that the token names, as the peer wrote it; null when it names none.</summary>
        public string? Claimed { get; init; }
    }
}
