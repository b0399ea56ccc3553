using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Keys;

/// <summary>Seals secrets for storage and uses them without handing them out. Data keys live wrapped by a key handle (a software key file first, an HSM later).</summary>
/// <remarks>AES-256-GCM; the binding (hub, table, row id, column) is associated data, so that a sealed value moved to another row does not open.</remarks>
public sealed class SecretVault
{
    /// <summary>Encrypts a secret and binds it to its row.</summary>
    public SealedSecret Seal(ReadOnlySpan<byte> secret, string binding) => throw new NotSupportedException();

    /// <summary>HMAC-SHA-256 under the sealed key, without showing the key. False when the secret does not open under this binding.</summary>
    public bool TryHmacSha256(SealedSecret key, string binding, ReadOnlySpan<byte> message, Span<byte> mac) => throw new NotSupportedException();

    /// <summary>Gives the secret back, for the registry's answers to callers with RegistryRead. The caller zeroes it.</summary>
    public byte[] Reveal(SealedSecret secret, string binding) => throw new NotSupportedException();
}
