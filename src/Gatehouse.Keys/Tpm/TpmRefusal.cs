namespace Gatehouse.Keys.Tpm;

/// <summary>A TPM refused a command. Response codes: TPM 2.0 Library, part 2 §6.6.</summary>
internal sealed class TpmRefusal(uint code, string path) : Exception($"The TPM at '{path}' refused: code 0x{code:X3}.")
{
    private const uint IsOfParameterOrSession = 0x80;
    private const uint NumberBits = 0x3F;

    /// <summary>Whether it is about what was handed to it, not about its own state: damaged, or sealed by another TPM.</summary>
    internal bool IsOfData => (code & IsOfParameterOrSession) != 0 && !IsOfPassword;

    /// <summary>What an operator can do.</summary>
    internal string Hint => IsOfPassword ? "Its owner hierarchy has a password; an empty one is used here."
        : code == 0x921 ? "It is locked out after wrong passwords of others; its owner can end that (tpm2_dictionarylockout --clear-lockout)."
        : (code & ~NumberBits) == 0x900 ? "Other programs left keys or sessions in it; the shared device /dev/tpmrm0 keeps them apart."
        : code == 0x101 ? "Its self-test failed: restart the machine."
        : "Is its owner hierarchy switched on, and does it make elliptic keys (P-256)?";

    private bool IsOfPassword => (code & IsOfParameterOrSession) != 0 && (code & NumberBits) is 0x0E or 0x22; // AUTH_FAIL, BAD_AUTH
}
