using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;

namespace Gatehouse.Identity;

/// <summary>Judges back ends: <c>Authorization: SharedAccessSignature …</c> signed with a shared access policy's key. Says who it is; the operation's row says whether it may.</summary>
public sealed class PolicyAuthenticator
{
    private readonly IdentityParts parts;
    private readonly PolicyTokens policies;
    private readonly TokenSignature signature;

    /// <summary>For policies of another room, and for use outside the container.</summary>
    public PolicyAuthenticator(ICredentialSource credentials, SecretVault vault, TimeProvider time, IdentityOptions? options = null, RefusalBackoff? backoff = null)
        : this(new IdentityParts(credentials, vault, time) { Options = options ?? new IdentityOptions(), Backoff = backoff })
    {
    }

    internal PolicyAuthenticator(IdentityParts parts)
    {
        this.parts = parts;
        signature = new TokenSignature(parts.Vault, parts.Log);
        policies = new PolicyTokens(parts, signature);
    }

    /// <param name="hostName">Host that was addressed, with or without port.</param>
    /// <param name="resourcePath">Decoded path that is asked for, e.g. <c>/devices/d1</c>; the token's scope must cover it by segments.</param>
    /// <param name="authorization">Value of the Authorization header; null or empty when missing.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    /// <param name="remoteAddress">Whose refusals count for back-off; null: nobody's.</param>
    public async ValueTask<Verdict> AuthenticateAsync(string hostName, string resourcePath, string? authorization, CancellationToken cancellationToken, IPAddress? remoteAddress = null)
    {
        var started = parts.Time.GetTimestamp();
        var verdict = await JudgeAsync(hostName, resourcePath, authorization, remoteAddress, cancellationToken);
        parts.Metrics?.Judged("service", verdict, parts.Time.GetElapsedTime(started));
        return verdict;
    }

    /// <summary>Judges the token alone: whose it is, and that it is good; what it covers is asked later.</summary>
    internal async ValueTask<Verdict> AuthenticateAsync(HubEntry hub, SharedAccessToken token, CancellationToken cancellationToken)
    {
        var started = parts.Time.GetTimestamp();
        var verdict = await JudgeAsync(hub, token, cancellationToken);
        parts.Metrics?.Judged("service", verdict, parts.Time.GetElapsedTime(started));
        return verdict;
    }

    // By address alone: whoever knows a policy's name could lock it out. Who shows no proof guesses nothing.
    private async ValueTask<Verdict> JudgeAsync(string hostName, string resourcePath, string? authorization, IPAddress? remoteAddress, CancellationToken cancellationToken)
    {
        if (remoteAddress is null || parts.Backoff is not { } backoff || string.IsNullOrEmpty(authorization))
        {
            return await JudgeAsync(hostName, resourcePath, authorization, cancellationToken);
        }

        if (backoff.IsBackedOff(remoteAddress))
        {
            return Refuse.Policy(RefusalReason.BackedOff, $"{remoteAddress} was refused too often; its token was not looked at. See the refusals before this one.") with { Hub = parts.Credentials.FindHub(hostName)?.Name.Value };
        }

        var verdict = await JudgeAsync(hostName, resourcePath, authorization, cancellationToken);
        if (verdict is Verdict.Refused { Reason: not RefusalReason.KeysOutOfReach })
        {
            backoff.Refused(remoteAddress, null);
        }

        return verdict;
    }

    private async ValueTask<Verdict> JudgeAsync(string hostName, string resourcePath, string? authorization, CancellationToken cancellationToken)
    {
        if (parts.Credentials.FindHub(hostName) is not { } hub)
        {
            return Refuse.UnknownHub(hostName);
        }

        var verdict = await JudgeAsync(hub, resourcePath, authorization, cancellationToken);
        return verdict is Verdict.Refused refused ? refused with { Hub = hub.Name.Value } : verdict;
    }

    private async ValueTask<Verdict> JudgeAsync(HubEntry hub, string resourcePath, string? authorization, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(authorization))
        {
            return Refuse.Policy(RefusalReason.CredentialMissing, "There is no Authorization header.");
        }

        if (!SharedAccessToken.TryParse(authorization, parts.Options.MaxTokenCharacters, out var token, out var fault))
        {
            return Refuse.Policy(RefusalReason.TokenMalformed, $"The Authorization header is not a SAS token: {fault}.");
        }

        if (token.PolicyName is null)
        {
            signature.CheckDecoy(token);
            return Refuse.Policy(RefusalReason.PolicyUnknown, "The token names no shared access policy (skn): tokens of devices do not open the service APIs.");
        }

        var verdict = await JudgeAsync(hub, resourcePath, token, cancellationToken);
        return verdict is Verdict.Refused refused ? refused with { Claimed = token.PolicyName } : verdict;
    }

    private async ValueTask<Verdict> JudgeAsync(HubEntry hub, string resourcePath, SharedAccessToken token, CancellationToken cancellationToken)
    {
        var verdict = await JudgeAsync(hub, token, cancellationToken);
        return verdict is Verdict.Refused || TokenScope.Parse(token.Resource.Span).Covers(resourcePath.Trim('/').Split('/'), TokenScope.PolicyKeyDecodings)
            ? verdict
            : Refuse.Policy(RefusalReason.TokenScopeWrong, $"The token is made for {Refuse.Quote(token.Resource.Span)} and does not cover {Refuse.Quote(resourcePath)}.");
    }

    private async ValueTask<Verdict> JudgeAsync(HubEntry hub, SharedAccessToken token, CancellationToken cancellationToken)
    {
        var finding = await policies.CheckAsync(hub, token, alsoDecoded: true, cancellationToken);
        if (finding.Fault is { } reason)
        {
            return reason == RefusalReason.KeysOutOfReach ? Refuse.KeysOutOfReach() : Refuse.Policy(reason, finding.Detail);
        }

        return new Verdict.Accepted(new Principal
        {
            Hub = hub.Name,
            PolicyName = finding.Policy!.Name,
            Rights = finding.Policy.Rights,
            Method = AuthenticationMethod.PolicyKey,
            Credential = TokenWords.Method(finding.Match),
            CredentialName = CredentialName.OfPolicy(finding.Policy.Name, TokenWords.Method(finding.Match)),
            CredentialMark = (finding.Match == KeyMatch.Primary ? finding.Policy.PrimaryKey : finding.Policy.SecondaryKey).Mark,
            ExpiresAt = TokenLifetime.End(token.Expiry),
        });
    }
}
