using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Access;

/// <summary>How a connection proved who it is; decides <c>iothub-connection-auth-method</c>.</summary>
public enum AuthenticationMethod
{
    /// <summary>SAS token signed with the identity's own key.</summary>
    IdentityKey,

    /// <summary>SAS token signed with a shared access policy's key.</summary>
    PolicyKey,

    /// <summary>Client certificate whose thumbprint is registered on the identity.</summary>
    X509Thumbprint,

    /// <summary>Client certificate that chains to a verified CA of the hub.</summary>
    X509Authority,
}

/// <summary>Who stands behind a connection or a request, after authentication.</summary>
public sealed record Principal
{
    public required HubName Hub { get; init; }

    /// <summary>The device or module that is acting; null for a back end that uses a policy.</summary>
    public IdentityKey? Identity { get; init; }

    /// <summary>The policy whose key signed the token; null when the identity's own credential was used.</summary>
    public string? PolicyName { get; init; }

    public required Rights Rights { get; init; }

    public required AuthenticationMethod Method { get; init; }

    /// <summary>Which credential matched, for audit and use tracking: <c>primaryKey</c>, <c>secondaryKey</c> or the certificate's SHA-256 thumbprint. Never a secret.</summary>
    public required string Credential { get; init; }

    /// <summary>What use tracking calls it, by <see cref="CredentialName"/>; null where nobody tracks it.</summary>
    public string? CredentialName { get; init; }

    /// <summary>Which key or thumbprint of that name it was: <see cref="SealedSecret.Mark"/>, or the thumbprint as registered; empty for CAs.</summary>
    public string CredentialMark { get; init; } = "";

    /// <summary>Generation of the identity at authentication (<c>iothub-connection-auth-generation-id</c>); null for a back end.</summary>
    public string? GenerationId { get; init; }

    /// <summary>What is remembered of the certificates that let it in; null for tokens.</summary>
    public CertificateTrace? Certificates { get; init; }

    /// <summary>End of the token; null for certificates.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>JSON text of <c>iothub-connection-auth-method</c>.</summary>
    /// <remarks>Observed on the real service (2021): scope device, type sas or x509Certificate, issuer iothub or external. Unconfirmed: scope module.</remarks>
    public string ConnectionAuthMethod
    {
        get
        {
            var scope = PolicyName is not null ? "hub" : Identity is { IsModule: true } ? "module" : "device";
            var (type, issuer) = Method is AuthenticationMethod.X509Thumbprint or AuthenticationMethod.X509Authority
                ? ("x509Certificate", "external")
                : ("sas", "iothub");
            return $$"""{"scope":"{{scope}}","type":"{{type}}","issuer":"{{issuer}}","acceptingIpFilterRule":null}""";
        }
    }
}
