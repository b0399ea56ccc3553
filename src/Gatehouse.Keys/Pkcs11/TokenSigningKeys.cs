using System.Formats.Asn1;
using System.Security.Cryptography;
using Gatehouse.Keys.Signing;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Net.Pkcs11Interop.HighLevelAPI.Factories;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>Finds and makes signing keys in an open session. Never one that can be read out, and none that decrypts.</summary>
internal static class TokenSigningKeys
{
    private const ulong Signs = 0x800; // CK_MECHANISM_INFO.flags
    private const int ModulusBits = 3072;
    private const int LeastModulusBits = 2048;
    private const int IdBytes = 16;
    private const string P256 = "1.2.840.10045.3.1.7";
    private const string P384 = "1.3.132.0.34";

    private static IObjectAttributeFactory Attribute => Pkcs11Module.Makes.ObjectAttributeFactory;

    /// <summary>Null when there is no key of this label.</summary>
    /// <exception cref="KeysException">There are two, or it is none that may sign.</exception>
    internal static TokenSigningKey? Find(ISession session, ISlot slot, string label)
    {
        var secrets = TokenKeys.Labelled(session, CKO.CKO_SECRET_KEY, label);
        var objects = TokenKeys.Labelled(session, CKO.CKO_PRIVATE_KEY, label);
        if (objects.Count + secrets.Count == 0)
        {
            return null;
        }

        if (objects.Count + secrets.Count > 1)
        {
            throw Unfit(label, "there are several keys of this name in the token");
        }

        if (objects.Count == 0)
        {
            throw Unfit(label, "it is a secret key, which wraps");
        }

        var values = session.GetAttributeValue(objects[0], [CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE, CKA.CKA_SIGN, CKA.CKA_ALWAYS_AUTHENTICATE, CKA.CKA_KEY_TYPE]);
        if (!TokenKeys.IsTrue(values[0]) || values[1].CannotBeRead || values[1].GetValueAsBool())
        {
            throw Unfit(label, "it can be read out of its token (CKA_SENSITIVE must be true and CKA_EXTRACTABLE false)");
        }

        if (!TokenKeys.IsTrue(values[2]))
        {
            throw Unfit(label, "it may not sign (CKA_SIGN)");
        }

        if (TokenKeys.IsTrue(values[3]))
        {
            throw Unfit(label, "it wants its PIN anew for each signature (CKA_ALWAYS_AUTHENTICATE)");
        }

        try
        {
            return (CKK)values[4].GetValueAsUlong() switch
            {
                CKK.CKK_EC when TokenKeys.Has(slot, CKM.CKM_ECDSA, Signs) => new TokenSigningKey(objects[0], Elliptic(session, objects[0], label), IsRsa: false),
                CKK.CKK_RSA when !IsSigning(session, objects[0]) => throw Unfit(label, "it decrypts (CKA_DECRYPT), and a key has one use"),
                CKK.CKK_RSA when TokenKeys.Has(slot, CKM.CKM_RSA_PKCS, Signs) => new TokenSigningKey(objects[0], Rsa(session, objects[0], label), IsRsa: true),
                _ => throw Unfit(label, "a key on P-256 or P-384 for CKM_ECDSA or an RSA key for CKM_RSA_PKCS is wanted"),
            };
        }
        catch (Exception error) when (error is CryptographicException or AsnContentException)
        {
            throw Unfit(label, "its public key cannot be read");
        }
    }

    /// <exception cref="KeysException">The token makes none of this type.</exception>
    internal static TokenSigningKey Create(ISession session, ISlot slot, string label, SigningKeyType type)
    {
        var isRsa = type == SigningKeyType.Rsa3072;
        var (making, signing) = isRsa ? (CKM.CKM_RSA_PKCS_KEY_PAIR_GEN, CKM.CKM_RSA_PKCS) : (CKM.CKM_EC_KEY_PAIR_GEN, CKM.CKM_ECDSA);
        if (!TokenKeys.Has(slot, making, 0) || !TokenKeys.Has(slot, signing, Signs))
        {
            throw Unfit(label, $"the token makes no keys of type {SigningKeyTypes.WordOf(type)} ({making}, {signing})");
        }

        var id = RandomNumberGenerator.GetBytes(IdBytes);
        List<IObjectAttribute> open = [.. Kept(CKO.CKO_PUBLIC_KEY, isRsa, label, id), Attribute.Create(CKA.CKA_VERIFY, true)];
        List<IObjectAttribute> hidden = [.. Kept(CKO.CKO_PRIVATE_KEY, isRsa, label, id), Attribute.Create(CKA.CKA_SIGN, true), Attribute.Create(CKA.CKA_SENSITIVE, true), Attribute.Create(CKA.CKA_EXTRACTABLE, false)];
        if (isRsa)
        {
            open.AddRange([Attribute.Create(CKA.CKA_MODULUS_BITS, (ulong)ModulusBits), Attribute.Create(CKA.CKA_PUBLIC_EXPONENT, [1, 0, 1])]);
            hidden.AddRange([Attribute.Create(CKA.CKA_DECRYPT, false), Attribute.Create(CKA.CKA_UNWRAP, false)]);
        }
        else
        {
            var curve = new AsnWriter(AsnEncodingRules.DER);
            curve.WriteObjectIdentifier(type == SigningKeyType.EcP384 ? P384 : P256);
            open.Add(Attribute.Create(CKA.CKA_EC_PARAMS, curve.Encode()));
            hidden.Add(Attribute.Create(CKA.CKA_DERIVE, false));
        }

        session.GenerateKeyPair(TokenKeys.Mechanism(making), open, hidden, out _, out _);
        return Find(session, slot, label) ?? throw Unfit(label, "the token does not show what it has just made");
    }

    /// <summary>Whether a private key is one that signs: elliptic, or an RSA key that does not decrypt.</summary>
    internal static bool IsSigning(ISession session, IObjectHandle key)
    {
        var values = session.GetAttributeValue(key, [CKA.CKA_CLASS, CKA.CKA_KEY_TYPE, CKA.CKA_DECRYPT]);
        return (CKO)values[0].GetValueAsUlong() == CKO.CKO_PRIVATE_KEY && ((CKK)values[1].GetValueAsUlong() == CKK.CKK_EC || !TokenKeys.IsTrue(values[2]));
    }

    // The point is an attribute of the public key, which is found by the id that both have.
    private static byte[] Elliptic(ISession session, IObjectHandle key, string label)
    {
        var id = session.GetAttributeValue(key, [CKA.CKA_ID])[0];
        IObjectAttribute which = id.CannotBeRead || id.GetValueAsByteArray().Length == 0 ? Attribute.Create(CKA.CKA_LABEL, label) : Attribute.Create(CKA.CKA_ID, id.GetValueAsByteArray());
        var pair = session.FindAllObjects([Attribute.Create(CKA.CKA_CLASS, CKO.CKO_PUBLIC_KEY), Attribute.Create(CKA.CKA_TOKEN, true), which]);
        if (pair.Count != 1)
        {
            throw Unfit(label, "the public key that belongs to it (of the same CKA_ID) is not in the token");
        }

        var values = session.GetAttributeValue(pair[0], [CKA.CKA_EC_PARAMS, CKA.CKA_EC_POINT]);
        var curve = AsnDecoder.ReadObjectIdentifier(values[0].GetValueAsByteArray(), AsnEncodingRules.DER, out _);
        var size = curve switch
        {
            P256 => 32,
            P384 => 48,
            _ => throw Unfit(label, "it is on another curve than P-256 or P-384"),
        };

        // PKCS#11 has the point in an octet string; some tokens leave that out.
        var point = values[1].GetValueAsByteArray();
        point = point.Length == 1 + (2 * size) ? point : AsnDecoder.ReadOctetString(point, AsnEncodingRules.DER, out _);
        if (point.Length != 1 + (2 * size) || point[0] != 4)
        {
            throw Unfit(label, "its point is not given in the uncompressed form");
        }

        using var read = ECDsa.Create(new ECParameters { Curve = ECCurve.CreateFromValue(curve), Q = new ECPoint { X = point[1..(1 + size)], Y = point[(1 + size)..] } });
        return read.ExportSubjectPublicKeyInfo();
    }

    private static byte[] Rsa(ISession session, IObjectHandle key, string label)
    {
        var values = session.GetAttributeValue(key, [CKA.CKA_MODULUS, CKA.CKA_PUBLIC_EXPONENT]);
        using var read = RSA.Create(new RSAParameters { Modulus = values[0].GetValueAsByteArray(), Exponent = values[1].GetValueAsByteArray() });
        return read.KeySize >= LeastModulusBits ? read.ExportSubjectPublicKeyInfo() : throw Unfit(label, $"it has {read.KeySize} bits, and {LeastModulusBits} are the least");
    }

    private static IObjectAttribute[] Kept(CKO kind, bool isRsa, string label, byte[] id) =>
    [
        Attribute.Create(CKA.CKA_CLASS, kind),
        Attribute.Create(CKA.CKA_KEY_TYPE, isRsa ? CKK.CKK_RSA : CKK.CKK_EC),
        Attribute.Create(CKA.CKA_TOKEN, true),
        Attribute.Create(CKA.CKA_LABEL, label),
        Attribute.Create(CKA.CKA_ID, id),
        Attribute.Create(CKA.CKA_PRIVATE, kind == CKO.CKO_PRIVATE_KEY),
    ];

    private static KeysException Unfit(string label, string reason) => new($"The key '{label}' cannot sign: {reason}.") { Fault = KeysFault.Refused };
}
