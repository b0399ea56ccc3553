using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Identity.SharedAccess;

/// <summary>A SAS token, taken apart and not yet believed.</summary>
/// <remarks>
/// Grammar: <c>SharedAccessSignature sr={resource}&amp;sig={signature}&amp;se={expiry}[&amp;skn={policy}]</c>, fields in any order, unknown ones ignored,
/// doubled ones refused. <c>sr</c> and <c>se</c> are kept exactly as they stand: the signature is over that text, and SDKs encode it differently
/// (C not at all, Node and Python once, C# twice). Source: IoT Hub "Control access with shared access signatures" page and the SDKs' builders.
/// </remarks>
internal sealed class SharedAccessToken
{
    internal const int SignatureBytes = 32;

    private const string Scheme = "SharedAccessSignature ";
    private const int MaxFields = 8;

    // 32 bytes in base64.
    private const int SignatureCharacters = 44;

    // 2^64-1, which the C SDK can emit, has 20 digits.
    private const int MaxExpiryDigits = 20;

    private readonly byte[] signature = new byte[SignatureBytes];

    private SharedAccessToken()
    {
    }

    /// <summary><c>sr</c> exactly as received.</summary>
    internal ReadOnlyMemory<char> Resource { get; private set; }

    /// <summary><c>se</c> exactly as received.</summary>
    internal ReadOnlyMemory<char> ExpiryText { get; private set; }

    /// <summary>End of the token in seconds since 1970-01-01 UTC.</summary>
    internal ulong Expiry { get; private set; }

    /// <summary>Decoded <c>skn</c>; null when absent or empty (the C SDK's HTTP path writes <c>&amp;skn=</c>).</summary>
    internal string? PolicyName { get; private set; }

    internal ReadOnlySpan<byte> Signature => signature;

    /// <param name="text">What the peer sent.</param>
    /// <param name="maxCharacters">Longest text that is looked at.</param>
    /// <param name="token">The parts.</param>
    /// <param name="fault">What is wrong with it, for the operator; says nothing of the content.</param>
    internal static bool TryParse(string text, int maxCharacters, [NotNullWhen(true)] out SharedAccessToken? token, out string fault)
    {
        token = null;
        var parts = new SharedAccessToken();
        fault = text.Length > maxCharacters ? $"it has {text.Length} characters, {maxCharacters} are allowed"
            : !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? "it does not begin with 'SharedAccessSignature '"
            : text.AsSpan(Scheme.Length).ContainsAnyExceptInRange('!', '~') ? "it holds a blank, a control or a non-ASCII character"
            : parts.Read(text.AsMemory(Scheme.Length));
        if (fault.Length != 0)
        {
            return false;
        }

        token = parts;
        return true;
    }

    public override string ToString() => "SharedAccessSignature ***";

    private string Read(ReadOnlyMemory<char> rest)
    {
        ReadOnlyMemory<char>? resource = null, signatureText = null, expiry = null, policy = null;
        for (var count = 0; !rest.IsEmpty; count++)
        {
            if (count == MaxFields)
            {
                return $"it has more than {MaxFields} fields";
            }

            var end = rest.Span.IndexOf('&');
            var field = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            var equals = field.Span.IndexOf('=');
            if (equals < 0)
            {
                return "a field has no '='";
            }

            var value = field[(equals + 1)..];
            var isDouble = field.Span[..equals] switch
            {
                var name when Is(name, "sr") => Set(ref resource, value),
                var name when Is(name, "sig") => Set(ref signatureText, value),
                var name when Is(name, "se") => Set(ref expiry, value),
                var name when Is(name, "skn") => Set(ref policy, value),
                _ => false,
            };
            if (isDouble)
            {
                return "a field occurs twice";
            }
        }

        return Take(resource ?? default, signatureText ?? default, expiry ?? default, policy ?? default);
    }

    private string Take(ReadOnlyMemory<char> resource, ReadOnlyMemory<char> signatureText, ReadOnlyMemory<char> expiry, ReadOnlyMemory<char> policy)
    {
        (Resource, ExpiryText) = (resource, expiry);
        if (resource.IsEmpty || signatureText.IsEmpty || expiry.IsEmpty)
        {
            return $"the field '{(resource.IsEmpty ? "sr" : signatureText.IsEmpty ? "sig" : "se")}' is missing or empty";
        }

        if (expiry.Length > MaxExpiryDigits || !ulong.TryParse(expiry.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return "'se' is not a number of seconds";
        }

        Expiry = seconds;
        Span<char> base64 = stackalloc char[SignatureCharacters];
        if (!PercentText.TryDecode(signatureText.Span, base64, out var length) || length != SignatureCharacters || base64.Contains(' ')
            || !Convert.TryFromBase64Chars(base64, signature, out var bytes) || bytes != SignatureBytes)
        {
            return "'sig' is not the base64 text of 32 bytes";
        }

        if (policy.IsEmpty)
        {
            return "";
        }

        var valid = PercentText.TryDecode(policy.Span, out var name);
        PolicyName = valid ? name : null;
        return valid ? "" : "'skn' is not percent-encoded text";
    }

    private static bool Is(ReadOnlySpan<char> name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);

    private static bool Set(ref ReadOnlyMemory<char>? field, ReadOnlyMemory<char> value)
    {
        var isDouble = field is not null;
        field = value;
        return isDouble;
    }
}
