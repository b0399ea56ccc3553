using Gatehouse.Keys;

namespace Gatehouse.Hub.Registry;

/// <summary>How a hub makes keys of its devices and modules.</summary>
/// <param name="Number">Of the derivation key that new ones are drawn by; 0: they are made at random and stored.</param>
/// <param name="DerivedFrom">That key, sealed.</param>
internal sealed record KeyMaking(int Number, byte[]? DerivedFrom)
{
    /// <summary>For <see cref="DerivedSecret.Draw"/>. Keys may change places afterwards.</summary>
    private const byte Primary = 1, Secondary = 2;

    internal static KeyMaking Stored { get; } = new(0, null);

    internal bool IsDerived => Number > 0;

    /// <summary>A new derived key.</summary>
    internal KeySlot Draw(bool isPrimary, long now) => new(DerivedSecret.Draw(Number, isPrimary ? Primary : Secondary), DerivedFrom, now);

    public override string ToString() => $"{Number} ***";
}
