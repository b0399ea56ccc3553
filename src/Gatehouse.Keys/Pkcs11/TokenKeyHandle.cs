using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Pkcs11;

/// <summary>A wrapping key of a token, found anew for each use.</summary>
/// <remarks>
/// A wrapped key is <c>1 | nonce (12) | ciphertext | tag (16)</c> of CKM_AES_GCM, or <c>2 | ciphertext</c> of CKM_RSA_PKCS_OAEP with SHA-1, the one hash of OAEP that all tokens have.
/// AES-GCM goes through C_Encrypt and C_Decrypt, which HSMs have in common; C_WrapKey would need the data key as an object of the token (decisions/0032).
/// </remarks>
internal sealed class TokenKeyHandle(TokenKeyStore store, string label, TokenKey found) : KeyHandle
{
    private const byte Gcm = 1;
    private const byte Oaep = 2;
    private const int NonceBytes = 12;
    private const int TagBits = 128;

    // The token's key may have other uses too: what it wraps here is told apart.
    private static readonly byte[] Purpose = "gatehouse data key"u8.ToArray();

    public override string Id { get; } = found.Id;

    public override string Mechanism { get; } = found.Mechanism;

    public override byte[] Wrap(ReadOnlySpan<byte> key)
    {
        var clear = key.ToArray();
        try
        {
            return Use((session, present) => present.Modulus is null ? WrapByAes(session, present, clear) : [Oaep, .. WrapByRsa(present, clear)]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    public override byte[] Unwrap(ReadOnlySpan<byte> wrapped)
    {
        var (kind, body) = wrapped.IsEmpty ? ((byte)0, []) : (wrapped[0], wrapped[1..].ToArray());
        try
        {
            return Use((session, present) => (kind, present.Modulus) switch
            {
                (Gcm, null) when body.Length > NonceBytes + (TagBits / 8) => session.Decrypt(ByAes(body[..NonceBytes]), present.Key, body[NonceBytes..]),
                (Oaep, { } modulus) when body.Length == modulus.Length => session.Decrypt(ByRsa(), present.Key, body),
                _ => throw Foreign(),
            });
        }
        catch (KeysException error) when (error.InnerException is Pkcs11Exception { Method: "C_Decrypt" or "C_DecryptInit" } refusal && IsOfData(refusal.RV))
        {
            throw Foreign(error);
        }
    }

    protected override void Dispose(bool disposing)
    {
    }

    private T Use<T>(Func<ISession, TokenKey, T> work) => store.Use(isWriting: false, (session, slot) =>
        TokenKeys.Find(session, slot, label) is { } present && present.Id == Id
            ? work(session, present)
            : throw new KeysException($"The key '{new KeyAddress(store.Name, label)}' has vanished from its token. Restore it there from the HSM's backup.") { Fault = KeysFault.Unavailable });

    private static byte[] WrapByAes(ISession session, TokenKey key, byte[] clear)
    {
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        return [Gcm, .. nonce, .. session.Encrypt(ByAes(nonce), key.Key, clear)];
    }

    // Only the private key is the token's.
    private static byte[] WrapByRsa(TokenKey key, byte[] clear)
    {
        using var rsa = RSA.Create(new RSAParameters { Modulus = key.Modulus, Exponent = key.Exponent });
        return rsa.Encrypt(clear, RSAEncryptionPadding.OaepSHA1);
    }

    private static IMechanism ByAes(byte[] nonce) => Pkcs11Module.Makes.MechanismFactory.Create(
        CKM.CKM_AES_GCM, Pkcs11Module.Makes.MechanismParamsFactory.CreateCkGcmParams(nonce, NonceBytes * 8, Purpose, TagBits));

    private static IMechanism ByRsa() => Pkcs11Module.Makes.MechanismFactory.Create(
        CKM.CKM_RSA_PKCS_OAEP, Pkcs11Module.Makes.MechanismParamsFactory.CreateCkRsaPkcsOaepParams((ulong)CKM.CKM_SHA_1, (ulong)CKG.CKG_MGF1_SHA1, (ulong)CKZ.CKZ_DATA_SPECIFIED, null));

    // SoftHSM says GENERAL_ERROR of a tag that does not fit; it was asked twice by then.
    private static bool IsOfData(CKR code) => code is CKR.CKR_ENCRYPTED_DATA_INVALID or CKR.CKR_ENCRYPTED_DATA_LEN_RANGE or CKR.CKR_GENERAL_ERROR or CKR.CKR_FUNCTION_FAILED or CKR.CKR_DATA_INVALID or CKR.CKR_DATA_LEN_RANGE or CKR.CKR_ARGUMENTS_BAD;

    private KeysException Foreign(Exception? error = null) =>
        new($"A data key was not wrapped by wrapping key {Id}, or was altered. Restore the keys directory from one backup as a whole.", error);
}
