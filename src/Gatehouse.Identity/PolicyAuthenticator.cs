using Gatehouse.Contracts.Credentials;
using Gatehouse.Keys;

namespace Gatehouse.Identity;

/// <summary>Judges back ends: <c>Authorization: SharedAccessSignature …</c> signed with a shared access policy's key. Says who it is; the operation's row says whether it may.</summary>
public sealed class PolicyAuthenticator(ICredentialSource credentials, SecretVault vault, TimeProvider time)
{
    /// <param name="hostName">Host that was addressed, with or without port.</param>
    /// <param name="resourcePath">Decoded path that is asked for, e.g. <c>/devices/d1</c>; the token's scope must cover it by segments.</param>
    /// <param name="authorization">Value of the Authorization header; null or empty when missing.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public ValueTask<Verdict> AuthenticateAsync(string hostName, string resourcePath, string? authorization, CancellationToken cancellationToken)
    {
        _ = (credentials, vault, time, hostName, resourcePath, authorization, cancellationToken);
        throw new NotSupportedException();
    }
}
