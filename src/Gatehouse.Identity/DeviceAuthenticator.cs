using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Identity;

/// <summary>What a device or module showed at CONNECT (or attach, or request).</summary>
/// <param name="HostName">Host it addressed (user name, Host header), with or without port.</param>
/// <param name="Identity">Who it says it is.</param>
/// <param name="Token">SAS token text; null or empty when there was none.</param>
/// <param name="Certificate">What TLS proved; null when no certificate was presented.</param>
public sealed record DeviceLogin(string HostName, IdentityKey Identity, string? Token, PeerCertificate? Certificate);

/// <summary>Judges devices and modules: SAS token of the identity's own key or of a policy with DeviceConnect, or X.509 by thumbprint or CA.</summary>
public sealed class DeviceAuthenticator(ICredentialSource credentials, SecretVault vault, TimeProvider time)
{
    public ValueTask<Verdict> AuthenticateAsync(DeviceLogin login, CancellationToken cancellationToken)
    {
        _ = (credentials, vault, time, login, cancellationToken);
        throw new NotSupportedException();
    }
}
