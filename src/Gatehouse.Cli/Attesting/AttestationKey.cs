using Gatehouse.Cli.Tpm;

namespace Gatehouse.Cli.Attesting;

/// <summary>A key that signs nothing but what its TPM itself says; loaded until it is disposed of.</summary>
/// <param name="Chip">Which TPM.</param>
/// <param name="Handle">Where it is loaded.</param>
/// <param name="Area">TPM2B_PUBLIC.</param>
internal sealed record AttestationKey(TpmChip Chip, uint Handle, byte[] Area) : IDisposable
{
    public void Dispose() => Chip.Flush(Handle);
}
