namespace Gatehouse.Contracts.Credentials;

/// <summary>The key of a hub that keys of its devices are derived from. Immutable; what was drawn by it needs it for ever.</summary>
/// <param name="Sealed">As it is stored.</param>
/// <param name="Binding">Associated data that it is sealed with; names hub and number.</param>
public sealed record DerivationKey(SealedSecret Sealed, string Binding)
{
    public override string ToString() => "***";
}
