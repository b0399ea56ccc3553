using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>What a caller wants an identity to be. Read-only fields of the wire document never get here.</summary>
public sealed record IdentityInput
{
    public required IdentityKey Key { get; init; }

    /// <summary><c>enabled</c> or <c>disabled</c>, any case; null keeps what is stored (new: enabled). Devices only.</summary>
    public string? Status { get; init; }

    /// <summary>At most 128 characters; taken only together with <see cref="Status"/>.</summary>
    public string? StatusReason { get; init; }

    /// <summary>Null: see <see cref="KeepsCredentials"/>.</summary>
    public AuthenticationInput? Authentication { get; init; }

    /// <summary>Whether an update without <see cref="Authentication"/> keeps the stored credentials (bulk) or mints new keys (PUT, as the service does).</summary>
    public bool KeepsCredentials { get; init; }

    /// <summary>Null keeps what is stored (new: false). Devices only.</summary>
    public bool? IsEdge { get; init; }

    /// <summary>Scope of the parent of a leaf device; null keeps, empty removes.</summary>
    public string? DeviceScope { get; init; }

    /// <summary>Scope of the parent of an Edge device; null keeps, an empty list removes.</summary>
    public IReadOnlyList<string>? ParentScopes { get; init; }

    /// <summary>Modules only; null or empty for none.</summary>
    public string? ManagedBy { get; init; }
}

/// <summary>The <c>authentication</c> object as sent. Empty strings count as absent.</summary>
public sealed class AuthenticationInput
{
    /// <summary><c>sas</c>, <c>selfSigned</c>, <c>certificateAuthority</c>, <c>none</c>, any case; null: by what is present.</summary>
    public string? Type { get; init; }

    public string? PrimaryKey { get; init; }

    public string? SecondaryKey { get; init; }

    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    public override string ToString() => "***";
}
