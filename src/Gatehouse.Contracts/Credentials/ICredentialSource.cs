using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Credentials;

/// <summary>Kind of credential that an identity is registered with; wire words of <c>authentication.type</c>.</summary>
public enum CredentialKind
{
    /// <summary><c>sas</c></summary>
    Sas,

    /// <summary><c>selfSigned</c>: thumbprints.</summary>
    SelfSigned,

    /// <summary><c>certificateAuthority</c></summary>
    CertificateAuthority,

    /// <summary><c>none</c>: cannot connect by itself.</summary>
    None,
}

/// <summary>What Identity needs to know of a device or module to judge its proof. Immutable; cached in memory, replaced on change.</summary>
public sealed record IdentityCredentials
{
    public required IdentityKey Identity { get; init; }

    public required CredentialKind Kind { get; init; }

    /// <summary>False when the device (for a module: its device) is disabled.</summary>
    public required bool IsEnabled { get; init; }

    public required string GenerationId { get; init; }

    /// <summary>Identity keys; null unless <see cref="Kind"/> is Sas.</summary>
    public SealedSecret? PrimaryKey { get; init; }

    public SealedSecret? SecondaryKey { get; init; }

    /// <summary>Associated data that the keys are sealed with.</summary>
    public required string KeyBinding { get; init; }

    /// <summary>Thumbprints as registered (SHA-1 or SHA-256 hex); null when not set.</summary>
    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    /// <summary>Where the device, and each of its modules, must come from; null for anywhere.</summary>
    public NetworkRanges? Networks { get; init; }
}

/// <summary>A shared access policy with its two keys.</summary>
public sealed record PolicyCredentials
{
    public required string Name { get; init; }

    public required Rights Rights { get; init; }

    public required SealedSecret PrimaryKey { get; init; }

    public required SealedSecret SecondaryKey { get; init; }

    /// <summary>Associated data that the keys are sealed with.</summary>
    public required string KeyBinding { get; init; }
}

/// <summary>The CA certificates of one hub that were verified by proof of possession: the only anchors for its devices. Or those of TPM makers that the operator loaded.</summary>
public sealed record TrustAnchors(IReadOnlyList<X509Certificate2> Certificates);

/// <summary>A hub and the host names it answers to.</summary>
/// <param name="Name">Tenant key.</param>
/// <param name="HostNames">Lower-case, without port; the first is the hub's own name.</param>
public sealed record HubEntry(HubName Name, IReadOnlyList<string> HostNames)
{
    /// <summary>When the hub was made; null before it is stored.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>What it asks of proofs beyond what the service asks.</summary>
    public Strictness Strictness { get; init; } = Strictness.None;
}

/// <summary>The facts that Identity judges by. Implemented by Hub from memory; a miss costs one read of the store.</summary>
public interface ICredentialSource
{
    /// <summary>The hub that answers to a host name (any case, an optional <c>:port</c> is ignored); null when none does.</summary>
    HubEntry? FindHub(ReadOnlySpan<char> hostName);

    /// <summary>The hub that SASL PLAIN names: by its own name, by a whole host name, or by the first label of a host name that no other hub shares; null when there is none.</summary>
    HubEntry? FindHubByLabel(ReadOnlySpan<char> label) => FindHub(label);

    ValueTask<IdentityCredentials?> FindIdentityAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken);

    ValueTask<PolicyCredentials?> FindPolicyAsync(HubName hub, string policyName, CancellationToken cancellationToken);

    ValueTask<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken);
}
