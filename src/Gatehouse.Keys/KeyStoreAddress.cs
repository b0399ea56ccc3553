using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Keys;

/// <summary>Where a store of keys is and how it is entered, as an operator sets it.</summary>
public abstract record KeyStoreAddress
{
    public const string Forms = "file, pkcs11:token=LABEL?module-path=LIBRARY&pin-source=FILE (RFC 7512), tpm, tpm:device:PATH or tpm:swtpm:path=SOCKET";

    private const string DefaultDevice = "/dev/tpmrm0";

    private KeyStoreAddress()
    {
    }

    /// <param name="text">One of <see cref="Forms"/>.</param>
    /// <param name="address">What it says.</param>
    /// <returns>What is wrong, as the end of a sentence that begins with the text; null when nothing is. It never repeats a PIN.</returns>
    public static string? TryParse(string text, [NotNull] out KeyStoreAddress? address)
    {
        address = new Files();
        if (text == KeyAddress.Files)
        {
            return null;
        }

        if (text == KeyAddress.Tpm || text.StartsWith("tpm:", StringComparison.Ordinal))
        {
            var chip = text is "tpm" or "tpm:" or "tpm:device" or "tpm:device:" ? new Tpm(DefaultDevice, IsSocket: false)
                : text.StartsWith("tpm:device:/", StringComparison.Ordinal) ? new Tpm(text["tpm:device:".Length..], IsSocket: false)
                : text.StartsWith("tpm:swtpm:path=/", StringComparison.Ordinal) ? new Tpm(text["tpm:swtpm:path=".Length..], IsSocket: true) : null;
            address = chip ?? address;
            return chip is null ? "is not understood" : null;
        }

        if (text.Contains("pin-value", StringComparison.OrdinalIgnoreCase))
        {
            return "holds a PIN, which others can see here; write it into a file of your own and name that with pin-source";
        }

        if (!Pkcs11Attributes.TryParse(text, out var parts, "token", "module-path", "pin-source"))
        {
            return "is not understood";
        }

        var (label, module) = (parts.GetValueOrDefault("token", ""), parts.GetValueOrDefault("module-path", ""));
        var pin = parts.GetValueOrDefault("pin-source");
        pin = pin is not null && pin.StartsWith("file:", StringComparison.Ordinal) ? pin["file:".Length..].Replace("///", "/", StringComparison.Ordinal) : pin;
        if (!Pkcs11Attributes.IsLabel(label))
        {
            return "names no token";
        }

        if (!Path.IsPathFullyQualified(module) || (pin is not null && !Path.IsPathFullyQualified(pin)))
        {
            return "needs the whole paths of the library and of the PIN's file";
        }

        address = new Token(label, module, pin);
        return null;
    }

    /// <summary>The server's own keys directory.</summary>
    public sealed record Files : KeyStoreAddress;

    /// <summary>A token of an HSM behind a PKCS#11 library.</summary>
    /// <param name="Label">CK_TOKEN_INFO.label, at most 32 characters.</param>
    /// <param name="ModulePath">The vendor's library; it is loaded into the server.</param>
    /// <param name="PinSource">File that holds the user's PIN; null for a token that wants none.</param>
    public sealed record Token(string Label, string ModulePath, string? PinSource) : KeyStoreAddress;

    /// <summary>A TPM 2.0.</summary>
    /// <param name="Path">Device of the kernel, or Unix socket of an emulator.</param>
    /// <param name="IsSocket">Which of the two.</param>
    public sealed record Tpm(string Path, bool IsSocket) : KeyStoreAddress;
}
