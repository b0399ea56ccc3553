using Gatehouse.Contracts.Audit;

namespace Gatehouse.Identity.X509;

/// <summary>Outcome of path validation.</summary>
/// <param name="Fault">Why there is no valid path; null when there is one.</param>
/// <param name="Detail">The same for the operator.</param>
/// <param name="Path">Leaf first, anchor last; empty when refused. None of them is revoked.</param>
internal sealed record PathFinding(RefusalReason? Fault, string Detail, IReadOnlyList<ParsedCertificate> Path)
{
    internal static PathFinding Refused(RefusalReason fault, string detail) => new(fault, detail, []);
}
