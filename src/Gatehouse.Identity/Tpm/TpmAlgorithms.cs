namespace Gatehouse.Identity.Tpm;

/// <summary>Numbers of TPM 2.0 Library, part 2: algorithms (§6.3), structure tags (§6.9), attributes of objects (§8.3) and curves (§6.4).</summary>
internal static class TpmAlgorithms
{
    internal const ushort Rsa = 0x0001;
    internal const ushort Hmac = 0x0005;
    internal const ushort AesCipher = 0x0006;
    internal const ushort KeyedHash = 0x0008;
    internal const ushort Sha256 = 0x000B;
    internal const ushort Sha384 = 0x000C;
    internal const ushort Sha512 = 0x000D;
    internal const ushort Null = 0x0010;
    internal const ushort RsaSsa = 0x0014;
    internal const ushort RsaPss = 0x0016;
    internal const ushort EcDsa = 0x0018;
    internal const ushort Ecc = 0x0023;
    internal const ushort Cfb = 0x0043;

    internal const ushort CurveP256 = 0x0003;
    internal const ushort CurveP384 = 0x0004;
    internal const ushort CurveP521 = 0x0005;

    /// <summary>Begins every structure that a TPM itself has made and signed: "\xFFTCG".</summary>
    internal const uint GeneratedValue = 0xFF544347;
    internal const ushort AttestQuote = 0x8018;

    internal const uint FixedTpm = 0x2;
    internal const uint FixedParent = 0x10;
    internal const uint SensitiveDataOrigin = 0x20;
    internal const uint UserWithAuth = 0x40;
    internal const uint NoDictionaryAttack = 0x400;
    internal const uint Restricted = 0x10000;
    internal const uint Decrypt = 0x20000;
    internal const uint Sign = 0x40000;
}
