using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Net.Pkcs11Interop.HighLevelAPI.Factories;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>Finds and makes wrapping keys in an open session: AES-256 for GCM where the token has it, else RSA-3072 for OAEP. Never one that can be read out.</summary>
internal static class TokenKeys
{
    // CK_MECHANISM_INFO.flags
    private const ulong Encrypts = 0x100;
    private const ulong Decrypts = 0x200;

    private const int KeyBytes = 32;
    private const int ModulusBits = 3072;
    private const int IdBytes = 16;

    private static IObjectAttributeFactory Attribute => Pkcs11Module.Makes.ObjectAttributeFactory;

    /// <summary>Null when there is no key of this label.</summary>
    /// <exception cref="KeysException">There are two, or it is none that may wrap.</exception>
    internal static TokenKey? Find(ISession session, ISlot slot, string label)
    {
        var objects = Labelled(session, CKO.CKO_SECRET_KEY, label).Concat(Labelled(session, CKO.CKO_PRIVATE_KEY, label)).ToList();
        if (objects.Count == 0)
        {
            return null;
        }

        if (objects.Count > 1)
        {
            throw Unfit(label, "there are several keys of this name in the token");
        }

        var values = session.GetAttributeValue(objects[0], [CKA.CKA_KEY_TYPE, CKA.CKA_ID, CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE, CKA.CKA_DECRYPT]);
        if (!IsTrue(values[2]) || values[3].CannotBeRead || values[3].GetValueAsBool())
        {
            throw Unfit(label, "it can be read out of its token (CKA_SENSITIVE must be true and CKA_EXTRACTABLE false)");
        }

        var id = values[1].CannotBeRead ? [] : values[1].GetValueAsByteArray();
        var name = id.Length > 0 ? Convert.ToHexStringLower(id) : label;
        if (!IsTrue(values[4]))
        {
            throw Unfit(label, "it may not decrypt (CKA_DECRYPT)");
        }

        switch ((CKK)values[0].GetValueAsUlong())
        {
            case CKK.CKK_AES when Has(slot, CKM.CKM_AES_GCM, Encrypts | Decrypts):
                return new TokenKey(objects[0], name, null, null);
            case CKK.CKK_RSA when Has(slot, CKM.CKM_RSA_PKCS_OAEP, Decrypts):
                var numbers = session.GetAttributeValue(objects[0], [CKA.CKA_MODULUS, CKA.CKA_PUBLIC_EXPONENT]);
                return new TokenKey(objects[0], name, numbers[0].GetValueAsByteArray(), numbers[1].GetValueAsByteArray());
            default:
                throw Unfit(label, "an AES key for CKM_AES_GCM or an RSA key for CKM_RSA_PKCS_OAEP is wanted");
        }
    }

    internal static TokenKey Create(ISession session, ISlot slot, string label)
    {
        var id = RandomNumberGenerator.GetBytes(IdBytes);
        if (Has(slot, CKM.CKM_AES_GCM, Encrypts | Decrypts) && Has(slot, CKM.CKM_AES_KEY_GEN, 0))
        {
            session.GenerateKey(Mechanism(CKM.CKM_AES_KEY_GEN), [
                .. Kept(CKO.CKO_SECRET_KEY, label, id), Attribute.Create(CKA.CKA_VALUE_LEN, (ulong)KeyBytes), Attribute.Create(CKA.CKA_ENCRYPT, true), .. Hidden(),
            ]);
        }
        else if (Has(slot, CKM.CKM_RSA_PKCS_OAEP, Decrypts) && Has(slot, CKM.CKM_RSA_PKCS_KEY_PAIR_GEN, 0))
        {
            session.GenerateKeyPair(
                Mechanism(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN),
                [.. Kept(CKO.CKO_PUBLIC_KEY, label, id), Attribute.Create(CKA.CKA_ENCRYPT, true), Attribute.Create(CKA.CKA_MODULUS_BITS, (ulong)ModulusBits), Attribute.Create(CKA.CKA_PUBLIC_EXPONENT, [1, 0, 1])],
                [.. Kept(CKO.CKO_PRIVATE_KEY, label, id), .. Hidden()],
                out _,
                out _);
        }
        else
        {
            throw Unfit(label, "the token makes neither AES keys for CKM_AES_GCM nor RSA keys for CKM_RSA_PKCS_OAEP");
        }

        return Find(session, slot, label) ?? throw Unfit(label, "the token does not show what it has just made");
    }

    /// <summary>Labels of the secret and private keys that could be named as keys of ours.</summary>
    internal static IReadOnlyList<string> Names(ISession session) =>
        [.. Kept(session, CKO.CKO_SECRET_KEY).Concat(Kept(session, CKO.CKO_PRIVATE_KEY))
            .Select(key => session.GetAttributeValue(key, [CKA.CKA_LABEL])[0])
            .Where(static label => !label.CannotBeRead)
            .Select(static label => label.GetValueAsString())
            .Where(KeyAddress.IsName)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)];

    internal static bool IsTaken(ISession session, string label) => Labelled(session, CKO.CKO_SECRET_KEY, label).Count + Labelled(session, CKO.CKO_PRIVATE_KEY, label).Count > 0;

    /// <summary>What the key of this label is for.</summary>
    internal static KeyUse UseOf(ISession session, string label) =>
        Labelled(session, CKO.CKO_PRIVATE_KEY, label) is [var pair] && TokenSigningKeys.IsSigning(session, pair) ? KeyUse.Signing
        : Labelled(session, CKO.CKO_SECRET_KEY, label) is [var secret] && TokenSecretsKey.IsSecretsKey(session, secret) ? KeyUse.Secrets
        : KeyUse.Wrapping;

    internal static IMechanism Mechanism(CKM mechanism) => Pkcs11Module.Makes.MechanismFactory.Create(mechanism);

    internal static List<IObjectHandle> Labelled(ISession session, CKO kind, string label) =>
        session.FindAllObjects([Attribute.Create(CKA.CKA_CLASS, kind), Attribute.Create(CKA.CKA_TOKEN, true), Attribute.Create(CKA.CKA_LABEL, label)]);

    private static List<IObjectHandle> Kept(ISession session, CKO kind) => session.FindAllObjects([Attribute.Create(CKA.CKA_CLASS, kind), Attribute.Create(CKA.CKA_TOKEN, true)]);

    private static IObjectAttribute[] Kept(CKO kind, string label, byte[] id) =>
    [
        Attribute.Create(CKA.CKA_CLASS, kind),
        Attribute.Create(CKA.CKA_KEY_TYPE, kind == CKO.CKO_SECRET_KEY ? CKK.CKK_AES : CKK.CKK_RSA),
        Attribute.Create(CKA.CKA_TOKEN, true),
        Attribute.Create(CKA.CKA_LABEL, label),
        Attribute.Create(CKA.CKA_ID, id),
        Attribute.Create(CKA.CKA_PRIVATE, kind != CKO.CKO_PUBLIC_KEY),
    ];

    private static IObjectAttribute[] Hidden() =>
        [Attribute.Create(CKA.CKA_DECRYPT, true), Attribute.Create(CKA.CKA_SENSITIVE, true), Attribute.Create(CKA.CKA_EXTRACTABLE, false)];

    internal static bool IsTrue(IObjectAttribute attribute) => !attribute.CannotBeRead && attribute.GetValueAsBool();

    internal static bool Has(ISlot slot, CKM mechanism, ulong flags) =>
        slot.GetMechanismList().Contains(mechanism) && (slot.GetMechanismInfo(mechanism).MechanismFlags.Flags & flags) == flags;

    private static KeysException Unfit(string label, string reason) => new($"The key '{label}' cannot wrap data keys: {reason}.") { Fault = KeysFault.Refused };
}
