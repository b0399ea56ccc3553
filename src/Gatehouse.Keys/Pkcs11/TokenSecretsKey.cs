using System.Buffers.Binary;
using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Net.Pkcs11Interop.HighLevelAPI.Factories;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>An AES key of a token that wraps secrets by CKM_AES_KEY_WRAP_PAD (RFC 5649). Wrapped secrets become objects of the session for as long as one HMAC takes.</summary>
/// <remarks>
/// Layout: <c>bytes of the secret (2, big endian) | wrapped secret</c>. Tokens refuse HMAC keys shorter than the hash, which devices may have: such a secret is filled up with zeros before
/// it is wrapped, as HMAC itself does with every key up to a block (RFC 2104 §2).
/// </remarks>
internal sealed class TokenSecretsKey(TokenKeyStore store, string label, string id) : SecretsKey
{
    internal const string Mechanism = "AES-256 key wrap in the token";

    // CK_MECHANISM_INFO.flags
    private const ulong Wraps = 0x20000;
    private const ulong Unwraps = 0x40000;
    private const ulong Signs = 0x800;

    private const int KeyBytes = 32;
    private const int IdBytes = 16;
    private const int LeastBytes = 32;
    private const int LengthBytes = 2;

    internal override string Id => id;

    private static IObjectAttributeFactory Attribute => Pkcs11Module.Makes.ObjectAttributeFactory;

    internal static string Create(ISession session, ISlot slot, string label)
    {
        foreach (var (mechanism, flags) in new[] { (CKM.CKM_AES_KEY_WRAP_PAD, Wraps | Unwraps), (CKM.CKM_SHA256_HMAC, Signs), (CKM.CKM_AES_KEY_GEN, 0UL) })
        {
            if (!TokenKeys.Has(slot, mechanism, flags))
            {
                throw new KeysException($"The token cannot keep secrets to itself: it has no {mechanism} that does what is needed.") { Fault = KeysFault.Refused };
            }
        }

        var id = RandomNumberGenerator.GetBytes(IdBytes);
        session.GenerateKey(Pkcs11Module.Makes.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN), [
            Attribute.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), Attribute.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), Attribute.Create(CKA.CKA_TOKEN, true), Attribute.Create(CKA.CKA_PRIVATE, true),
            Attribute.Create(CKA.CKA_LABEL, label), Attribute.Create(CKA.CKA_ID, id), Attribute.Create(CKA.CKA_VALUE_LEN, (ulong)KeyBytes),
            Attribute.Create(CKA.CKA_SENSITIVE, true), Attribute.Create(CKA.CKA_EXTRACTABLE, false),
            Attribute.Create(CKA.CKA_WRAP, true), Attribute.Create(CKA.CKA_UNWRAP, true), Attribute.Create(CKA.CKA_ENCRYPT, false), Attribute.Create(CKA.CKA_DECRYPT, false),
        ]);
        return Convert.ToHexStringLower(id);
    }

    internal override byte[] Wrap(ReadOnlySpan<byte> secret)
    {
        var clear = new byte[Math.Max(secret.Length, LeastBytes)];
        secret.CopyTo(clear);
        var length = new byte[LengthBytes];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)secret.Length);
        try
        {
            return Use<byte[]>((session, key) =>
            {
                var made = session.CreateObject([.. Secret(isShown: true), Attribute.Create(CKA.CKA_VALUE, clear)]);
                try
                {
                    return [.. length, .. session.WrapKey(ByKeyWrap(), key, made)];
                }
                finally
                {
                    session.DestroyObject(made);
                }
            });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    internal override bool TryHmacSha256(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        var signed = message.ToArray();
        var made = UseWrapped(wrapped, isShown: false, (session, secret) => session.Sign(Pkcs11Module.Makes.MechanismFactory.Create(CKM.CKM_SHA256_HMAC), secret, signed));
        if (made is null)
        {
            return false;
        }

        // It may be a derived secret itself.
        made.CopyTo(mac);
        CryptographicOperations.ZeroMemory(made);
        return true;
    }

    internal override byte[]? Reveal(ReadOnlySpan<byte> wrapped)
    {
        var filled = UseWrapped(wrapped, isShown: true, static (session, secret) => session.GetAttributeValue(secret, [CKA.CKA_VALUE])[0].GetValueAsByteArray());
        if (filled is null || BinaryPrimitives.ReadUInt16BigEndian(wrapped) is var length && length == filled.Length)
        {
            return filled;
        }

        var clear = length < filled.Length ? filled[..length] : null;
        CryptographicOperations.ZeroMemory(filled);
        return clear;
    }

    private byte[]? UseWrapped(ReadOnlySpan<byte> content, bool isShown, Func<ISession, IObjectHandle, byte[]> work)
    {
        if (content.Length <= LengthBytes)
        {
            return null;
        }

        var wrapped = content[LengthBytes..].ToArray();
        try
        {
            return Use((session, key) =>
            {
                var secret = session.UnwrapKey(ByKeyWrap(), key, wrapped, Secret(isShown));
                try
                {
                    return work(session, secret);
                }
                finally
                {
                    session.DestroyObject(secret);
                }
            });
        }
        catch (KeysException error) when (error.InnerException is Pkcs11Exception { Method: "C_UnwrapKey" } refusal && IsOfData(refusal.RV))
        {
            return null;
        }
    }

    private T Use<T>(Func<ISession, IObjectHandle, T> work) => store.UseKept(kept =>
        kept.FindSecretsKey(label) is { } found && found.Id == id
            ? work(kept.Session, found.Key)
            : throw new KeysException($"The key '{new KeyAddress(store.Name, label)}' has vanished from its token. Restore it there from the HSM's backup.") { Fault = KeysFault.Unavailable });

    /// <summary>The key and its id; null when the token has no such key.</summary>
    /// <exception cref="KeysException">There is one, but it can be read out of the token or may not unwrap.</exception>
    internal static (IObjectHandle Key, string Id)? Find(ISession session, string label)
    {
        var found = TokenKeys.Labelled(session, CKO.CKO_SECRET_KEY, label);
        if (found.Count == 0)
        {
            return null;
        }

        var values = session.GetAttributeValue(found[0], [CKA.CKA_ID, CKA.CKA_SENSITIVE, CKA.CKA_EXTRACTABLE, CKA.CKA_UNWRAP]);
        return found.Count == 1 && values[0].GetValueAsByteArray() is { Length: > 0 } id && TokenKeys.IsTrue(values[1]) && !values[2].GetValueAsBool() && TokenKeys.IsTrue(values[3])
            ? (found[0], Convert.ToHexStringLower(id))
            : throw new KeysException($"The key '{label}' of the token cannot keep secrets: it must be one AES key with an id (CKA_ID) that may unwrap (CKA_UNWRAP) and cannot be read out (CKA_SENSITIVE, not CKA_EXTRACTABLE).") { Fault = KeysFault.Refused };
    }

    /// <summary>Whether an AES key is one of these: it unwraps, and decrypts nothing.</summary>
    internal static bool IsSecretsKey(ISession session, IObjectHandle key)
    {
        var values = session.GetAttributeValue(key, [CKA.CKA_UNWRAP, CKA.CKA_DECRYPT]);
        return TokenKeys.IsTrue(values[0]) && !TokenKeys.IsTrue(values[1]);
    }

    // Whether it may leave the token is said by each object anew; what is wrapped says nothing of it.
    private static List<IObjectAttribute> Secret(bool isShown) =>
    [
        Attribute.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), Attribute.Create(CKA.CKA_KEY_TYPE, CKK.CKK_GENERIC_SECRET), Attribute.Create(CKA.CKA_TOKEN, false), Attribute.Create(CKA.CKA_PRIVATE, true),
        Attribute.Create(CKA.CKA_SENSITIVE, !isShown), Attribute.Create(CKA.CKA_EXTRACTABLE, isShown), Attribute.Create(CKA.CKA_SIGN, true),
    ];

    private static IMechanism ByKeyWrap() => Pkcs11Module.Makes.MechanismFactory.Create(CKM.CKM_AES_KEY_WRAP_PAD);

    private static bool IsOfData(CKR code) => code is CKR.CKR_WRAPPED_KEY_INVALID or CKR.CKR_WRAPPED_KEY_LEN_RANGE or CKR.CKR_GENERAL_ERROR or CKR.CKR_FUNCTION_FAILED or CKR.CKR_ENCRYPTED_DATA_INVALID or CKR.CKR_ENCRYPTED_DATA_LEN_RANGE;
}
