using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Identity.Peers;

/// <summary>Refusals of connections that act for many, in the operator's words.</summary>
internal static class PeerWords
{
    /// <summary>What the peer claims to be by it: an identity or a policy.</summary>
    internal static string? Name(Principal principal) => principal.Identity?.ToString() ?? principal.PolicyName;

    internal static Verdict.Refused TooMany(int limit) => new(
        RefusalReason.Throttled,
        HubErrors.IotHubMaxCbsTokenExceeded,
        string.Create(CultureInfo.InvariantCulture, $"The connection holds {limit} tokens, as many as it may: let the client use another connection for further identities."));

    internal static Verdict.Refused RunOut(Principal principal)
    {
        var end = principal.ExpiresAt?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return Refuse.Device(RefusalReason.TokenExpired, $"The token of '{Name(principal)}' ended at {end} and was not renewed; the links that hung on it were detached.");
    }

    internal static Verdict.Refused Replaced(Principal principal) =>
        Refuse.Device(RefusalReason.UnknownIdentity, $"'{Name(principal)}' was deleted and made anew; the links of the former were detached.");

    internal static Verdict.Refused Narrowed(Principal principal) =>
        Refuse.Device(RefusalReason.TokenScopeWrong, $"A token of '{Name(principal)}' that is good for less took the place of the one before; the links of that were detached.");

    /// <summary>A refusal of what was granted before.</summary>
    internal static Verdict.Refused AfterChange(Verdict.Refused refused) =>
        refused with { Detail = $"Open links were detached after a change. {refused.Detail}" };

    internal static Verdict.Refused SecondByCertificate(Principal bound, Principal wanted) => Refuse.Device(
        RefusalReason.CertificateNameMismatch,
        $"The client certificate of this connection already stands for '{Name(bound)}', and '{Name(wanted)}' connects with it: one certificate serves one identity on a connection.");

    /// <param name="path">What was asked for.</param>
    /// <param name="row">To do what.</param>
    /// <param name="covering">Whose token covers it and whose rights do not suffice; null when none covers it.</param>
    /// <param name="any">Any policy's token; null when there is none.</param>
    internal static Verdict.Refused NotReached(string path, Operation row, RootGrant? covering, RootGrant? any) =>
        covering is not null ? Refuse.Policy(RefusalReason.PolicyLacksRight, $"The policy '{covering.Principal.PolicyName}' lacks the right to {row.Name}.")
        : any is not null ? Refuse.Policy(RefusalReason.TokenScopeWrong, $"No token of this connection covers {Refuse.Quote(path)}; the policy '{any.Principal.PolicyName}' is known by one that is made for something else.")
        : Refuse.Policy(RefusalReason.CredentialMissing, $"No token of a shared access policy was brought on this connection, and {Refuse.Quote(path)} needs one.");
}
