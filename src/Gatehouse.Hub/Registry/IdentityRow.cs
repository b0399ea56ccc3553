using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>A row of <c>identities</c>: a device (empty <see cref="ModuleId"/>) or a module.</summary>
internal sealed record IdentityRow
{
    public string Hub { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    /// <summary>Counter behind the ETag; starts anywhere, so that a recreated name does not meet an old tag.</summary>
    public long Etag { get; init; }

    public long IsDisabled { get; init; }

    public string? StatusReason { get; init; }

    public long StatusChanged { get; init; }

    public long CredentialKind { get; init; }

    public byte[]? PrimaryKey { get; init; }

    public byte[]? SecondaryKey { get; init; }

    public string? PrimaryThumbprint { get; init; }

    public string? SecondaryThumbprint { get; init; }

    public string? ManagedBy { get; init; }

    public long IsEdge { get; init; }

    public string? DeviceScope { get; init; }

    public string? ParentScope { get; init; }

    public long Created { get; init; }

    /// <summary>When the primary key was made, UTC ticks; 0 without one, and where that is not known yet.</summary>
    public long PrimaryMade { get; init; }

    public long SecondaryMade { get; init; }

    /// <summary>The derivation key of the primary key, sealed; null for a key that is stored. Read with the row.</summary>
    public byte[]? PrimaryDerivedFrom { get; init; }

    public byte[]? SecondaryDerivedFrom { get; init; }

    /// <summary>Number of the derivation key of the primary key; 0 for a key that is stored, and for none. Written with the row.</summary>
    public long PrimaryDerivation => DerivedSecret.NumberOf(PrimaryKey);

    public long SecondaryDerivation => DerivedSecret.NumberOf(SecondaryKey);

    /// <summary>Where a device must come from, as <see cref="NetworkRanges.FromStored"/> reads it; null for anywhere. Not written with the row: what a back end writes of a device leaves it.</summary>
    public string? Networks { get; init; }

    /// <summary>Messages that wait for the device; read only.</summary>
    public long CloudToDeviceMessages { get; init; }

    internal bool IsModule => ModuleId.Length > 0;

    internal CredentialKind Kind => (CredentialKind)CredentialKind;

    internal IdentityKey Key => new(
        Contracts.Identities.DeviceId.Parse(DeviceId),
        IsModule ? Contracts.Identities.ModuleId.Parse(ModuleId) : null);

    internal KeySlot Primary => new(PrimaryKey, PrimaryDerivedFrom, PrimaryMade);

    internal KeySlot Secondary => new(SecondaryKey, SecondaryDerivedFrom, SecondaryMade);

    internal IdentityRow With(bool isPrimary, KeySlot key) => isPrimary
        ? this with { PrimaryKey = key.Blob, PrimaryDerivedFrom = key.DerivedFrom, PrimaryMade = key.Made }
        : this with { SecondaryKey = key.Blob, SecondaryDerivedFrom = key.DerivedFrom, SecondaryMade = key.Made };

    internal string BindingIn(HubName hub) => KeyBinding.ForIdentity(hub, DeviceId, ModuleId, GenerationId);

    /// <summary>Never the keys, sealed as they are.</summary>
    public override string ToString() => IsModule ? $"{DeviceId}/{ModuleId}" : DeviceId;
}
