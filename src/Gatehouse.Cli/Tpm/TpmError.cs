using System.Globalization;

namespace Gatehouse.Cli.Tpm;

/// <summary>A TPM refused a command; the message says which, by the name of its response code, and what that means.</summary>
/// <remarks>Source: TPM 2.0 Library, part 2 §6.6.</remarks>
internal sealed class TpmError(TpmCommandCode command, uint code) : CliException($"the TPM refused {command}: {Name(code)} (0x{code & CodeBits:X3}){Place(code)}.{Hint(command, code)}")
{
    internal const uint Initialize = 0x100;
    internal const uint Retry = 0x922;
    internal const uint Yielded = 0x908;
    internal const uint Testing = 0x90A;
    internal const uint WrittenTooFast = 0x920;
    internal const uint NoSuchHandle = 0x18B;

    // Above lies the layer: the kernel's resource manager has one of its own.
    private const uint CodeBits = 0xFFF;
    private const uint IsOfParameterOrSession = 0x80;
    private const uint IsOfParameter = 0x40;
    private const uint IsOfSession = 0x800;

    private static readonly string[] General =
    [
        "INITIALIZE", "FAILURE", "", "SEQUENCE", "", "", "", "", "", "", "", "PRIVATE", "", "", "", "", "", "", "", "", "", "", "", "", "", "HMAC", "", "", "", "", "", "",
        "DISABLED", "EXCLUSIVE", "", "", "AUTH_TYPE", "AUTH_MISSING", "POLICY", "PCR", "PCR_CHANGED", "", "", "", "", "UPGRADE", "TOO_MANY_CONTEXTS", "AUTH_UNAVAILABLE",
        "REBOOT", "UNBALANCED", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "COMMAND_SIZE", "COMMAND_CODE", "AUTHSIZE", "AUTH_CONTEXT",
        "NV_RANGE", "NV_SIZE", "NV_LOCKED", "NV_AUTHORIZATION", "NV_UNINITIALIZED", "NV_SPACE", "NV_DEFINED", "", "", "", "BAD_CONTEXT", "CPHASH", "PARENT", "NEEDS_TEST", "NO_RESULT", "SENSITIVE",
    ];

    private static readonly string[] Placed =
    [
        "", "ASYMMETRIC", "ATTRIBUTES", "HASH", "VALUE", "HIERARCHY", "", "KEY_SIZE", "MGF", "MODE", "TYPE", "HANDLE", "KDF", "RANGE", "AUTH_FAIL", "NONCE", "PP", "", "SCHEME", "", "", "SIZE",
        "SYMMETRIC", "TAG", "SELECTOR", "", "INSUFFICIENT", "SIGNATURE", "KEY", "POLICY_FAIL", "", "INTEGRITY", "TICKET", "RESERVED_BITS", "BAD_AUTH", "EXPIRED", "POLICY_CC", "BINDING", "CURVE", "ECC_POINT",
    ];

    private static readonly string[] Warnings =
    [
        "", "CONTEXT_GAP", "OBJECT_MEMORY", "SESSION_MEMORY", "MEMORY", "SESSION_HANDLES", "OBJECT_HANDLES", "LOCALITY", "YIELDED", "CANCELED", "TESTING", "", "", "", "", "",
        "REFERENCE_H0", "REFERENCE_H1", "REFERENCE_H2", "REFERENCE_H3", "REFERENCE_H4", "REFERENCE_H5", "REFERENCE_H6", "", "REFERENCE_S0", "REFERENCE_S1", "REFERENCE_S2", "REFERENCE_S3",
        "REFERENCE_S4", "REFERENCE_S5", "REFERENCE_S6", "", "NV_RATE", "LOCKOUT", "RETRY", "NV_UNAVAILABLE",
    ];

    internal uint ResponseCode { get; } = code & CodeBits;

    /// <summary>Whether no object is at the handle that was named.</summary>
    internal bool IsNoSuchHandle => ResponseCode == NoSuchHandle;

    private static string Name(uint code)
    {
        var (names, number) = (code & IsOfParameterOrSession) != 0 ? (Placed, code & 0x3F) : (code & 0xF00) == 0x900 ? (Warnings, code & 0x7F) : (General, code & 0x7F);
        return number < names.Length && names[number].Length > 0 ? "TPM_RC_" + names[number] : "a code that is not known here";
    }

    private static string Place(uint code) => (code & IsOfParameterOrSession) == 0 ? ""
        : (code & IsOfParameter) != 0 ? Numbered("parameter", (code >> 8) & 0xF)
        : (code & IsOfSession) != 0 ? Numbered("session", (code >> 8) & 7)
        : Numbered("handle", (code >> 8) & 7);

    private static string Numbered(string what, uint number) => number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {what} {number}");

    private static string Hint(TpmCommandCode command, uint code) => Name(code) switch
    {
        "TPM_RC_LOCKOUT" => " It has been asked with wrong passwords too often (dictionary attack lockout): wait until it lets go, or end that as its owner (tpm2_dictionarylockout --clear-lockout).",
        "TPM_RC_AUTH_FAIL" or "TPM_RC_BAD_AUTH" => " A hierarchy or key of this TPM has a password; this command uses empty ones, as the device SDKs do.",
        "TPM_RC_HIERARCHY" or "TPM_RC_DISABLED" => " That hierarchy is switched off: see the settings of the firmware.",
        "TPM_RC_NV_SPACE" => " It has no room for another persistent key: remove one that is not needed (tpm2_getcap handles-persistent).",
        "TPM_RC_OBJECT_MEMORY" or "TPM_RC_SESSION_MEMORY" or "TPM_RC_MEMORY" or "TPM_RC_OBJECT_HANDLES" or "TPM_RC_SESSION_HANDLES" =>
            $" Other programs left keys or sessions in it; the shared device ({TpmAddress.Default}) keeps them apart.",
        "TPM_RC_FAILURE" or "TPM_RC_NEEDS_TEST" => " Its self-test failed: restart the machine.",
        "TPM_RC_HASH" when command is TpmCommandCode.PCR_Read or TpmCommandCode.Quote => " It has no such bank of registers: ask for another one in the enrollment.",
        "TPM_RC_COMMAND_CODE" => " It does not have this command.",
        _ when command is TpmCommandCode.ActivateCredential or TpmCommandCode.Import && (code & IsOfParameterOrSession) != 0 =>
            " What the service sent is not for this TPM, or was changed on its way: the enrollment's endorsement key must be the one that 'gatehouse attest tpm show' prints.",
        _ => "",
    };
}
