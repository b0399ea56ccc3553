using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Identity.X509;
using Gatehouse.Keys;

namespace Gatehouse.Identity;

/// <summary>Judges devices and modules: SAS token of the identity's own key or of a policy with DeviceConnect, or X.509 by thumbprint or CA.</summary>
/// <remarks>
/// The kind that is registered decides: a SAS identity's certificate is ignored, an X.509 identity's token is refused. The proof is judged
/// before "disabled" is looked at, and for an unknown identity too, so that neither answer nor time tells what exists. What the hub asks beyond
/// that (<see cref="Strictness"/>), and where the device must come from, is asked of good proofs only.
/// </remarks>
public sealed class DeviceAuthenticator
{
    private readonly IdentityParts parts;
    private readonly DeviceTokens tokens;
    private readonly DeviceCertificates certificates;

    /// <summary>For use outside the container; nobody is put off then.</summary>
    public DeviceAuthenticator(ICredentialSource credentials, SecretVault vault, TimeProvider time, IdentityOptions? options = null)
        : this(new IdentityParts(credentials, vault, time) { Options = options ?? new IdentityOptions() })
    {
    }

    internal DeviceAuthenticator(IdentityParts parts)
    {
        this.parts = parts;
        var signature = new TokenSignature(parts.Vault, parts.Log);
        tokens = new DeviceTokens(parts, signature, new PolicyTokens(parts, signature));
        certificates = new DeviceCertificates(parts);
    }

    public async ValueTask<Verdict> AuthenticateAsync(DeviceLogin login, CancellationToken cancellationToken)
    {
        var started = parts.Time.GetTimestamp();
        var verdict = await JudgeAsync(login, cancellationToken);
        parts.Metrics?.Judged("device", verdict, parts.Time.GetElapsedTime(started));
        if (login is { CountsForBackoff: true, RemoteAddress: { } address } && parts.Backoff is { } backoff)
        {
            Remember(backoff, address, login, verdict);
        }

        return verdict;
    }

    private async ValueTask<Verdict> JudgeAsync(DeviceLogin login, CancellationToken cancellationToken)
    {
        if (parts.Credentials.FindHub(login.HostName) is not { } hub)
        {
            return Refuse.UnknownHub(login.HostName);
        }

        if (login is { CountsForBackoff: true, RemoteAddress: { } address } && parts.Backoff?.IsBackedOff(address, login.Identity) == true)
        {
            return Refuse.Device(RefusalReason.BackedOff, $"'{login.Identity}' was refused too often from {address}; its proof was not looked at. See the refusals before this one.");
        }

        var registered = await parts.Credentials.FindIdentityAsync(hub.Name, login.Identity, cancellationToken);
        if (registered is null)
        {
            return !await JudgeDecoyAsync(hub, login, cancellationToken)
                ? Refuse.KeysOutOfReach()
                : Refuse.Device(RefusalReason.UnknownIdentity, $"The hub '{hub.Name}' has no {(login.Identity.IsModule ? "module" : "device")} '{login.Identity}'; ids are case-sensitive.");
        }

        var verdict = Bound(registered, login, Strict(hub, await JudgeAsync(hub, login, registered, cancellationToken)));
        return registered.IsEnabled ? verdict : Disabled(login, verdict);
    }

    // After the proof, so that only who holds the key learns from how long an answer takes that the key is no longer enough.
    private static Verdict Strict(HubEntry hub, Verdict verdict) => hub.Strictness.IsX509Only && verdict is Verdict.Accepted { Principal.Method: AuthenticationMethod.IdentityKey or AuthenticationMethod.PolicyKey }
        ? Refuse.Device(RefusalReason.TokenNotAccepted, "The SAS token is good, and this hub lets devices and modules in by X.509 certificates only.")
        : verdict;

    // Likewise: from where a key would be taken is for those who hold it. An address that is unknown is none that is allowed.
    private static Verdict Bound(IdentityCredentials registered, DeviceLogin login, Verdict verdict) =>
        registered.Networks is { } networks && verdict is Verdict.Accepted && (login.RemoteAddress is not { } address || !networks.Contains(address))
            ? Refuse.Device(RefusalReason.NetworkNotAllowed, $"The proof is good, and it came from {NetworkRanges.Describe(login.RemoteAddress)}, which is in none of the networks that '{registered.Identity.Device}' is bound to ({networks}).")
            : verdict;

    // An attempt that was put off does not count, or a device that keeps trying would never get out.
    private static void Remember(RefusalBackoff backoff, IPAddress address, DeviceLogin login, Verdict verdict)
    {
        if (verdict is Verdict.Accepted)
        {
            backoff.Accepted(address, login.Identity);
        }
        else if (verdict is Verdict.Refused { Reason: not (RefusalReason.BackedOff or RefusalReason.KeysOutOfReach) })
        {
            backoff.Refused(address, login.Identity);
        }
    }

    /// <returns>False when keys are out of reach: whether there is such an identity must not show then either.</returns>
    private async ValueTask<bool> JudgeDecoyAsync(HubEntry hub, DeviceLogin login, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(login.Token))
        {
            return tokens.JudgeDecoy(login.Token);
        }

        if (login.Certificate is { } certificate)
        {
            await certificates.JudgeDecoyAsync(hub, certificate, cancellationToken);
        }

        return true;
    }

    private ValueTask<Verdict> JudgeAsync(HubEntry hub, DeviceLogin login, IdentityCredentials registered, CancellationToken cancellationToken) => registered.Kind switch
    {
        CredentialKind.Sas when string.IsNullOrEmpty(login.Token) => new(Refuse.Device(
            RefusalReason.CredentialMissing,
            login.Certificate is null ? "No SAS token was presented." : "No SAS token was presented; a client certificate was, but the identity is registered for SAS.")),
        CredentialKind.Sas => tokens.JudgeAsync(hub, registered, login.Token, cancellationToken),
        CredentialKind.SelfSigned or CredentialKind.CertificateAuthority when !string.IsNullOrEmpty(login.Token) => new(Refuse.Device(
            RefusalReason.CredentialKindMismatch,
            "A SAS token was presented, but the identity is registered for X.509 certificates.")),
        CredentialKind.SelfSigned or CredentialKind.CertificateAuthority when login.Certificate is null => new(Refuse.Device(
            RefusalReason.CredentialMissing,
            "No client certificate was presented, and the identity is registered for X.509: check that the client sends certificate and key.")),
        CredentialKind.SelfSigned => new(certificates.JudgeThumbprint(hub, registered, login.Certificate!)),
        CredentialKind.CertificateAuthority => certificates.JudgeAuthorityAsync(hub, registered, login.Certificate!, cancellationToken),
        _ => new(Refuse.Device(RefusalReason.CredentialKindMismatch, "The identity is registered without credentials (none) and cannot connect by itself.")),
    };

    private static Verdict.Refused Disabled(DeviceLogin login, Verdict verdict) => Refuse.Device(
        RefusalReason.IdentityDisabled,
        $"'{login.Identity}' is disabled. " + (verdict is Verdict.Refused refused ? $"Its proof would have been refused too: {refused.Detail}" : "Its proof was good."));
}
