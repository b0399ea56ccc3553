using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>Judges what every token that is signed with a policy's key has in common: the policy exists, its key signed, the host is the hub's, the end has not come.</summary>
internal sealed class PolicyTokens(IdentityParts parts, TokenSignature signature)
{
    // Source: ARM schema of Microsoft.Devices/IotHubs, keyName.
    private const int MaxPolicyNameCharacters = 64;

    /// <param name="hub">Addressed hub.</param>
    /// <param name="token">Token with a policy name.</param>
    /// <param name="alsoDecoded">Whether a signature over the decoded <c>sr</c>, and one of an Event Hubs client, is good too (service plane).</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    internal async ValueTask<PolicyTokenFinding> CheckAsync(HubEntry hub, SharedAccessToken token, bool alsoDecoded, CancellationToken cancellationToken)
    {
        var name = token.PolicyName!;
        var policy = name.Length <= MaxPolicyNameCharacters ? await parts.Credentials.FindPolicyAsync(hub.Name, name, cancellationToken) : null;
        if (policy is null)
        {
            return !signature.CheckDecoy(token)
                ? new(null, KeyMatch.OutOfReach, RefusalReason.KeysOutOfReach, "")
                : new(null, KeyMatch.None, RefusalReason.PolicyUnknown, $"The hub has no shared access policy {Refuse.Quote(name)}.");
        }

        var match = signature.Check(token, policy.PrimaryKey, policy.SecondaryKey, policy.KeyBinding);
        if (alsoDecoded && match == KeyMatch.None)
        {
            match = signature.CheckDecoded(token, policy.PrimaryKey, policy.SecondaryKey, policy.KeyBinding);
            match = match == KeyMatch.None ? signature.CheckTextKey(token, policy.PrimaryKey, policy.SecondaryKey, policy.KeyBinding) : match;
        }

        if (match == KeyMatch.OutOfReach)
        {
            return new(policy, match, RefusalReason.KeysOutOfReach, "");
        }

        var scope = TokenScope.Parse(token.Resource.Span);
        if (match is KeyMatch.None or KeyMatch.Unusable)
        {
            return new(policy, match, RefusalReason.TokenSignatureWrong, WrongSignature(policy, match, scope.IsForHost(hub)));
        }

        var now = parts.Time.GetUtcNow();
        if (TokenLifetime.SecondsLate(token.Expiry, now, parts.Options.ClockAllowance) is { } late)
        {
            return new(policy, match, RefusalReason.TokenExpired, TokenWords.Expired(token, late, parts.Options.ClockAllowance));
        }

        if (hub.Strictness.SecondsTooLong(token.Expiry, now, parts.Options.ClockAllowance) is { } left)
        {
            return new(policy, match, RefusalReason.TokenLifetimeTooLong, TokenWords.TooLong(token, left, hub.Strictness, parts.Options.ClockAllowance));
        }

        return scope.IsForHost(hub)
            ? new(policy, match, null, "")
            : new(policy, match, RefusalReason.TokenScopeWrong, TokenWords.OtherHost(scope, hub));
    }

    private static string WrongSignature(PolicyCredentials policy, KeyMatch match, bool isForHost) =>
        match == KeyMatch.Unusable ? $"A stored key of the policy '{policy.Name}' does not open: check the server's key file."
        : $"The token is signed with neither the primary nor the secondary key of the policy '{policy.Name}'"
            + (isForHost ? "; was the key regenerated, or is it another policy's?" : ", and it is made for another host: probably the key of another hub's policy.");
}

/// <param name="Policy">The named policy; null when there is none.</param>
/// <param name="Match">Its key that signed.</param>
/// <param name="Fault">Why the token is refused; null when it is good so far.</param>
/// <param name="Detail">The same for the operator.</param>
internal readonly record struct PolicyTokenFinding(PolicyCredentials? Policy, KeyMatch Match, RefusalReason? Fault, string Detail);
