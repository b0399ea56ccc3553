using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>One of the two keys of an identity, as it is stored.</summary>
/// <param name="Blob">Sealed, or what it is derived from beside the derivation key (<see cref="DerivedSecret"/>); null without a key.</param>
/// <param name="DerivedFrom">The derivation key, sealed; null for a key that is stored.</param>
/// <param name="Made">When it was made, UTC ticks; 0 without one, and where that is not known yet.</param>
internal readonly record struct KeySlot(byte[]? Blob, byte[]? DerivedFrom, long Made)
{
    internal bool IsDerived => DerivedSecret.NumberOf(Blob) > 0;

    /// <summary>Null without a key.</summary>
    internal SealedSecret? In(HubName hub) => Blob is null ? null
        : DerivedFrom is null ? new SealedSecret(Blob)
        : new SealedSecret(Blob, new DerivationKey(new SealedSecret(DerivedFrom), KeyBinding.ForDerivation(hub, DerivedSecret.NumberOf(Blob))));

    public override string ToString() => "***";
}
