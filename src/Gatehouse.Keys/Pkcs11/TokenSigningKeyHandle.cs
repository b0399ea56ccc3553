using System.Formats.Asn1;
using System.Security.Cryptography;
using Gatehouse.Keys.Signing;
using Net.Pkcs11Interop.Common;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>A signing key of a token. Signs by CKM_ECDSA and CKM_RSA_PKCS, which HSMs have in common; the hash is made here.</summary>
internal sealed class TokenSigningKeyHandle(TokenKeyStore store, string label, TokenSigningKey found) : SigningKeyHandle(found.Public)
{
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string Sha384 = "2.16.840.1.101.3.4.2.2";

    protected override string Place => "in the token";

    private protected override byte[] SignHash(byte[] digest, HashAlgorithmName hash) => store.UseKept(kept =>
    {
        var present = kept.Find(label) is { } key && PublicKeyInfo.Span.SequenceEqual(key.Public) ? key
            : throw new KeysException($"The key '{new KeyAddress(store.Name, label)}' has vanished from its token. Restore it there from the HSM's backup.") { Fault = KeysFault.Unavailable };
        return present.IsRsa
            ? kept.Session.Sign(TokenKeys.Mechanism(CKM.CKM_RSA_PKCS), present.Key, DigestInfo(digest, hash))
            : kept.Session.Sign(TokenKeys.Mechanism(CKM.CKM_ECDSA), present.Key, digest);
    });

    protected override void Dispose(bool disposing)
    {
    }

    // RFC 8017 §9.2.
    private static byte[] DigestInfo(byte[] digest, HashAlgorithmName hash)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(hash == HashAlgorithmName.SHA384 ? Sha384 : Sha256);
                writer.WriteNull();
            }

            writer.WriteOctetString(digest);
        }

        return writer.Encode();
    }
}
