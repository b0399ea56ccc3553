using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>Judges the token of a device or module: signed with its own key, or with the key of a policy that holds DeviceConnect.</summary>
internal sealed class DeviceTokens(IdentityParts parts, TokenSignature signature, PolicyTokens policies)
{
    /// <summary>The work of a judgement for an identity that does not exist; how long an answer takes must not tell. False when keys are out of reach.</summary>
    internal bool JudgeDecoy(string text) =>
        !SharedAccessToken.TryParse(text, parts.Options.MaxTokenCharacters, out var token, out _) || signature.CheckDecoy(token);

    internal ValueTask<Verdict> JudgeAsync(HubEntry hub, IdentityCredentials registered, string text, CancellationToken cancellationToken)
    {
        if (!SharedAccessToken.TryParse(text, parts.Options.MaxTokenCharacters, out var token, out var fault))
        {
            return new(Refuse.Device(RefusalReason.TokenMalformed, $"The SAS token cannot be read: {fault}."));
        }

        return token.PolicyName is null
            ? JudgeIdentityKeyAsync(hub, registered, token, cancellationToken)
            : JudgePolicyKeyAsync(hub, registered, token, cancellationToken);
    }

    private async ValueTask<Verdict> JudgeIdentityKeyAsync(HubEntry hub, IdentityCredentials registered, SharedAccessToken token, CancellationToken cancellationToken)
    {
        var match = signature.Check(token, registered.PrimaryKey, registered.SecondaryKey, registered.KeyBinding);
        if (match == KeyMatch.OutOfReach)
        {
            return Refuse.KeysOutOfReach();
        }

        var scope = TokenScope.Parse(token.Resource.Span);
        var resource = Resource(registered.Identity);

        // The scope must name the identity itself: a host-only scope is a policy's privilege. Part of it only where the hub looks at parts.
        var rights = scope.IsForHost(hub) && scope.Names(resource, TokenScope.IdentityKeyDecodings) ? DeviceParts.Of(scope.Path[resource.Length..], hub.Strictness.IsOwnTokensOnly) : Rights.None;
        var isInScope = rights != Rights.None;
        if (match is KeyMatch.None or KeyMatch.Unusable)
        {
            return isInScope || match == KeyMatch.Unusable
                ? Refuse.Device(RefusalReason.TokenSignatureWrong, await WrongSignatureAsync(hub, registered, token, match, cancellationToken))
                : Refuse.Device(RefusalReason.TokenScopeWrong, $"{WrongScope(hub, registered.Identity, token, scope)} Its signature matches neither key of '{registered.Identity}' either.");
        }

        if (!isInScope)
        {
            return Refuse.Device(RefusalReason.TokenScopeWrong, WrongScope(hub, registered.Identity, token, scope));
        }

        var now = parts.Time.GetUtcNow();
        return TokenLifetime.SecondsLate(token.Expiry, now, parts.Options.ClockAllowance) is { } late ? Refuse.Device(RefusalReason.TokenExpired, TokenWords.Expired(token, late, parts.Options.ClockAllowance))
            : hub.Strictness.SecondsTooLong(token.Expiry, now, parts.Options.ClockAllowance) is { } left ? Refuse.Device(RefusalReason.TokenLifetimeTooLong, TokenWords.TooLong(token, left, hub.Strictness, parts.Options.ClockAllowance))
            : Accept(hub, registered, token, match, AuthenticationMethod.IdentityKey, (match == KeyMatch.Primary ? registered.PrimaryKey : registered.SecondaryKey)!, rights);
    }

    private async ValueTask<Verdict> JudgePolicyKeyAsync(HubEntry hub, IdentityCredentials registered, SharedAccessToken token, CancellationToken cancellationToken)
    {
        var finding = await policies.CheckAsync(hub, token, alsoDecoded: false, cancellationToken);
        if (finding.Fault is { } fault)
        {
            return fault == RefusalReason.KeysOutOfReach ? Refuse.KeysOutOfReach() : Refuse.Device(fault, finding.Detail);
        }

        var scope = TokenScope.Parse(token.Resource.Span);
        if (!scope.Covers(Resource(registered.Identity), TokenScope.PolicyKeyDecodings))
        {
            return Refuse.Device(RefusalReason.TokenScopeWrong, WrongScope(hub, registered.Identity, token, scope));
        }

        if ((finding.Policy!.Rights & Rights.DeviceConnect) == 0)
        {
            // The one refusal that names another error: who gets here has proved to hold the policy's key.
            return new Verdict.Refused(
                RefusalReason.PolicyLacksRight,
                HubErrors.IotHubUnauthorizedAccess,
                $"The policy '{finding.Policy.Name}' has no DeviceConnect right.");
        }

        // Whatever else the policy may do, this connection acts as a device.
        return hub.Strictness.IsOwnTokensOnly
            ? Refuse.Device(RefusalReason.TokenTooWide, $"The token is good, and signed with a key of the policy '{finding.Policy.Name}'; this hub lets devices and modules in by tokens of their own keys only.")
            : Accept(hub, registered, token, finding.Match, AuthenticationMethod.PolicyKey, finding.Match == KeyMatch.Primary ? finding.Policy.PrimaryKey : finding.Policy.SecondaryKey, Rights.DeviceConnect);
    }

    private static Verdict.Accepted Accept(HubEntry hub, IdentityCredentials registered, SharedAccessToken token, KeyMatch match, AuthenticationMethod method, SealedSecret key, Rights rights) =>
        new(new Principal
        {
            Hub = hub.Name,
            Identity = registered.Identity,
            PolicyName = method == AuthenticationMethod.PolicyKey ? token.PolicyName : null,
            Rights = rights,
            Method = method,
            Credential = TokenWords.Method(match),
            CredentialName = method == AuthenticationMethod.PolicyKey ? CredentialName.OfPolicy(token.PolicyName!, TokenWords.Method(match)) : TokenWords.Method(match),
            CredentialMark = key.Mark,
            GenerationId = registered.GenerationId,
            ExpiresAt = TokenLifetime.End(token.Expiry),
        });

    private async ValueTask<string> WrongSignatureAsync(HubEntry hub, IdentityCredentials registered, SharedAccessToken token, KeyMatch match, CancellationToken cancellationToken)
    {
        if (match == KeyMatch.Unusable)
        {
            return $"A stored key of '{registered.Identity}' does not open: check the server's key file.";
        }

        // A common mistake is to sign a module's token with its device's key.
        if (registered.Identity.IsModule
            && await parts.Credentials.FindIdentityAsync(hub.Name, new IdentityKey(registered.Identity.Device), cancellationToken) is { Kind: CredentialKind.Sas } device
            && signature.Check(token, device.PrimaryKey, device.SecondaryKey, device.KeyBinding) is KeyMatch.Primary or KeyMatch.Secondary)
        {
            return $"The token of the module '{registered.Identity}' is signed with a key of its device; use the module's own key.";
        }

        return $"The token is signed with neither the primary nor the secondary key of '{registered.Identity}': compare the device's connection string with the registry.";
    }

    private static string WrongScope(HubEntry hub, IdentityKey identity, SharedAccessToken token, TokenScope scope) =>
        !scope.IsForHost(hub) ? TokenWords.OtherHost(scope, hub)
        : scope.Depth == 0 ? $"The token covers a whole host, which needs a policy's key and its name (skn); '{identity}' needs {Refuse.Quote($"{hub.HostNames[0]}/{string.Join('/', Resource(identity))}")}."
        : $"The token is made for {Refuse.Quote(token.Resource.Span)}, and '{identity}' connects with it.";

    private static string[] Resource(IdentityKey identity) =>
        identity.Module is { } module ? ["devices", identity.Device.Value, "modules", module.Value] : ["devices", identity.Device.Value];
}
