using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;

namespace Gatehouse.Identity;

/// <summary>Judges back ends: <c>Authorization: SharedAccessSignature …</c> signed with a shared access policy's key. Says who it is; the operation's row says whether it may.</summary>
public sealed class PolicyAuthenticator
{
    private readonly ICredentialSource credentials;
    private readonly IdentityOptions options;
    private readonly PolicyTokens policies;
    private readonly TokenSignature signature;

    public PolicyAuthenticator(ICredentialSource credentials, SecretVault vault, TimeProvider time, IdentityOptions? options = null)
    {
        this.credentials = credentials;
        this.options = options ?? new IdentityOptions();
        signature = new TokenSignature(vault);
        policies = new PolicyTokens(credentials, signature, time, this.options);
    }

    /// <param name="hostName">Host that was addressed, with or without port.</param>
    /// <param name="resourcePath">Decoded path that is asked for, e.g. <c>/devices/d1</c>; the token's scope must cover it by segments.</param>
    /// <param name="authorization">Value of the Authorization header; null or empty when missing.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async ValueTask<Verdict> AuthenticateAsync(string hostName, string resourcePath, string? authorization, CancellationToken cancellationToken)
    {
        if (credentials.FindHub(hostName) is not { } hub)
        {
            return Refuse.UnknownHub(hostName);
        }

        if (string.IsNullOrEmpty(authorization))
        {
            return Refuse.Policy(RefusalReason.CredentialMissing, "There is no Authorization header.");
        }

        if (!SharedAccessToken.TryParse(authorization, options.MaxTokenCharacters, out var token, out var fault))
        {
            return Refuse.Policy(RefusalReason.TokenMalformed, $"The Authorization header is not a SAS token: {fault}.");
        }

        if (token.PolicyName is null)
        {
            signature.CheckDecoy(token);
            return Refuse.Policy(RefusalReason.PolicyUnknown, "The token names no shared access policy (skn): tokens of devices do not open the service APIs.");
        }

        return await JudgeAsync(hub, resourcePath, token, cancellationToken);
    }

    private async ValueTask<Verdict> JudgeAsync(HubEntry hub, string resourcePath, SharedAccessToken token, CancellationToken cancellationToken)
    {
        var finding = await policies.CheckAsync(hub, token, alsoDecoded: true, cancellationToken);
        if (finding.Fault is { } reason)
        {
            return Refuse.Policy(reason, finding.Detail);
        }

        var scope = TokenScope.Parse(token.Resource.Span);
        if (!scope.Covers(resourcePath.Trim('/').Split('/'), TokenScope.PolicyKeyDecodings))
        {
            return Refuse.Policy(RefusalReason.TokenScopeWrong, $"The token is made for {Refuse.Quote(token.Resource.Span)} and does not cover {Refuse.Quote(resourcePath)}.");
        }

        return new Verdict.Accepted(new Principal
        {
            Hub = hub.Name,
            PolicyName = finding.Policy!.Name,
            Rights = finding.Policy.Rights,
            Method = AuthenticationMethod.PolicyKey,
            Credential = TokenWords.Method(finding.Match),
            ExpiresAt = TokenLifetime.End(token.Expiry),
        });
    }
}
