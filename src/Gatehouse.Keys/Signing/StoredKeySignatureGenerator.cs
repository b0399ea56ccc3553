using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Keys.Signing;

/// <summary>Signs X.509 structures by a key in a store; what the platform knows of algorithms it says of the public half.</summary>
internal sealed class StoredKeySignatureGenerator(SigningKeyHandle key) : X509SignatureGenerator
{
    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
    {
        using AsymmetricAlgorithm known = (AsymmetricAlgorithm?)key.PublicKey.GetECDsaPublicKey() ?? key.PublicKey.GetRSAPublicKey()!;
        var generator = known is RSA rsa ? CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : CreateForECDsa((ECDsa)known);
        return generator.GetSignatureAlgorithmIdentifier(hashAlgorithm);
    }

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.Sign(data, hashAlgorithm);

    protected override PublicKey BuildPublicKey() => key.PublicKey;
}
