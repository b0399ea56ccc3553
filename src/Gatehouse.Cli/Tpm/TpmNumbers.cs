namespace Gatehouse.Cli.Tpm;

/// <summary>Numbers of TPM 2.0 Library, part 2: commands (§6.5), handles (§7), algorithms (§6.3), curves (§6.4) and attributes of objects (§8.3).</summary>
internal static class TpmNumbers
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
    internal const ushort EcDsa = 0x0018;
    internal const ushort Ecc = 0x0023;
    internal const ushort Cfb = 0x0043;
    internal const ushort CurveP256 = 0x0003;

    internal const uint FixedTpm = 0x2;
    internal const uint FixedParent = 0x10;
    internal const uint SensitiveDataOrigin = 0x20;
    internal const uint UserWithAuth = 0x40;
    internal const uint AdminWithPolicy = 0x80;
    internal const uint NoDictionaryAttack = 0x400;
    internal const uint Restricted = 0x10000;
    internal const uint Decrypt = 0x20000;
    internal const uint Sign = 0x40000;

    internal const uint Owner = 0x40000001;
    internal const uint NoHandle = 0x40000007;
    internal const uint Password = 0x40000009;
    internal const uint Endorsement = 0x4000000B;

    internal const ushort WithoutSessions = 0x8001;
    internal const ushort WithSessions = 0x8002;
}

/// <summary>Commands by the names of part 3.</summary>
internal enum TpmCommandCode : uint
{
    EvictControl = 0x120,
    CreatePrimary = 0x131,
    Startup = 0x144,
    ActivateCredential = 0x147,
    NV_Read = 0x14E,
    PolicySecret = 0x151,
    HMAC = 0x155,
    Import = 0x156,
    Load = 0x157,
    Quote = 0x158,
    FlushContext = 0x165,
    NV_ReadPublic = 0x169,
    ReadPublic = 0x173,
    StartAuthSession = 0x176,
    PCR_Read = 0x17E,
}
