using System.Security.Cryptography;
using static Gatehouse.Cli.Tpm.TpmNumbers;

namespace Gatehouse.Cli.Tpm;

/// <summary>Public areas that keys are made from. TPMs make the same primary key of the same template each time.</summary>
/// <remarks>
/// Source: TCG EK Credential Profile, templates L-1 (RSA 2048) and L-2 (P-256), with their zeros: manufacturers' certificates are of these keys, while the device SDKs leave the zeros out
/// and make another. The storage root key is as the SDKs make it.
/// </remarks>
internal static class TpmTemplate
{
    private const uint EndorsementAttributes = FixedTpm | FixedParent | SensitiveDataOrigin | AdminWithPolicy | Restricted | Decrypt;
    private const uint StorageAttributes = FixedTpm | FixedParent | SensitiveDataOrigin | UserWithAuth | NoDictionaryAttack | Restricted | Decrypt;
    private const uint AttestationAttributes = FixedTpm | FixedParent | SensitiveDataOrigin | UserWithAuth | NoDictionaryAttack | Restricted | Sign;
    private const int ModulusBytes = 256;
    private const int PointBytes = 32;

    internal static byte[] EndorsementKey(bool isElliptic) => Make(isElliptic, EndorsementAttributes, EndorsementPolicy(Sha256)!, hasUnique: true);

    internal static byte[] StorageRootKey(bool isElliptic) => Make(isElliptic, StorageAttributes, [], hasUnique: false);

    /// <summary>A key that signs nothing but what the TPM itself says.</summary>
    internal static byte[] AttestationKey(bool isElliptic)
    {
        var area = new TpmWriter().UInt16(isElliptic ? Ecc : Rsa).UInt16(Sha256).UInt32(AttestationAttributes).Sized([]).UInt16(Null).UInt16(isElliptic ? EcDsa : RsaSsa).UInt16(Sha256);
        return isElliptic ? area.UInt16(CurveP256).UInt16(Null).Sized([]).Sized([]).Bytes.ToArray() : area.UInt16(2048).UInt32(0).Sized([]).Bytes.ToArray();
    }

    /// <summary>Digest of the policy that standard endorsement keys have: PolicySecret of the endorsement hierarchy.</summary>
    /// <returns>Null for a hash that is not known here.</returns>
    internal static byte[]? EndorsementPolicy(ushort hash)
    {
        var (name, size) = hash switch
        {
            Sha256 => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            Sha384 => (HashAlgorithmName.SHA384, SHA384.HashSizeInBytes),
            Sha512 => (HashAlgorithmName.SHA512, SHA512.HashSizeInBytes),
            _ => default,
        };

        // The policy so far (zeros), the command and the entity's name; then once more for the empty reference.
        return size == 0 ? null
            : CryptographicOperations.HashData(name, CryptographicOperations.HashData(name, (byte[])[.. new byte[size], 0, 0, 1, 0x51, 0x40, 0, 0, 0x0B]));
    }

    private static byte[] Make(bool isElliptic, uint attributes, byte[] policy, bool hasUnique)
    {
        var area = new TpmWriter().UInt16(isElliptic ? Ecc : Rsa).UInt16(Sha256).UInt32(attributes).Sized(policy).UInt16(AesCipher).UInt16(128).UInt16(Cfb).UInt16(Null);
        return isElliptic
            ? area.UInt16(CurveP256).UInt16(Null).Sized(new byte[hasUnique ? PointBytes : 0]).Sized(new byte[hasUnique ? PointBytes : 0]).Bytes.ToArray()
            : area.UInt16(2048).UInt32(0).Sized(new byte[hasUnique ? ModulusBytes : 0]).Bytes.ToArray();
    }
}
