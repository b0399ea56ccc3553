using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Keys;

/// <summary>Names a key: its store and its own name. Holds no path of a library and no PIN: where stores are is a setting of the server, so that neither a stored address nor a call can make it load code.</summary>
/// <remarks>
/// Written <c>file:NAME</c>, <c>pkcs11:token=LABEL;object=NAME</c> (RFC 7512, percent-encoded) or <c>tpm:NAME</c>.
/// A name has 1–64 letters, digits and <c>-</c>, <c>_</c>, <c>.</c>, the first a letter or digit.
/// </remarks>
/// <param name="Store">Name of the store.</param>
/// <param name="Name">Name of the key in it.</param>
public sealed record KeyAddress(string Store, string Name)
{
    internal const string Files = "file";
    internal const string Tpm = "tpm";

    /// <summary>What the first wrapping key is called.</summary>
    public const string FirstName = "wrapping";

    /// <summary>What the key of an HSM is called under which secrets stay there.</summary>
    public const string SecretsName = "secrets";

    public const string Forms = "file:NAME, pkcs11:token=LABEL;object=NAME or tpm:NAME, where NAME has 1–64 letters, digits and - _ .";

    private const int MostNameCharacters = 64;
    private const string Token = "pkcs11:token=";

    /// <summary>Whether the key lies in a file.</summary>
    public bool IsFile => Store == Files;

    public static bool TryParse(string? text, [NotNullWhen(true)] out KeyAddress? address)
    {
        address = null;
        if (text is null)
        {
            return false;
        }

        if (text.StartsWith("pkcs11:", StringComparison.Ordinal))
        {
            return Pkcs11Attributes.TryParse(text, out var parts, "token", "object")
                && parts.TryGetValue("token", out var token) && parts.TryGetValue("object", out var name) && Pkcs11Attributes.IsLabel(token) && IsName(name)
                && (address = new KeyAddress(TokenStore(token), name)) is not null;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || text[..colon] is not (Files or Tpm) || !IsName(text[(colon + 1)..]))
        {
            return false;
        }

        address = new KeyAddress(text[..colon], text[(colon + 1)..]);
        return true;
    }

    public override string ToString() => Store.StartsWith(Token, StringComparison.Ordinal) ? $"{Store};object={Name}" : $"{Store}:{Name}";

    internal static string TokenStore(string label) => Token + Uri.EscapeDataString(label);

    internal static bool IsName(string text) =>
        text.Length is > 0 and <= MostNameCharacters && char.IsAsciiLetterOrDigit(text[0]) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
