using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Identity.Tests.SharedAccess;

/// <summary>Tokens as the SDKs' own builders make them, written anew from their rules and signed with the platform's HMAC.</summary>
internal sealed record SasText
{
    internal static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    /// <summary>In an hour.</summary>
    internal static readonly string Later = (Now.ToUnixTimeSeconds() + 3600).ToString(CultureInfo.InvariantCulture);

    /// <summary>As it stands in the token.</summary>
    internal required string Resource { get; init; }

    internal required byte[] Key { get; init; }

    internal string Expiry { get; init; } = Later;

    /// <summary>As it stands in the token; null when there is none.</summary>
    internal string? Policy { get; init; }

    internal string Order { get; init; } = "sr sig se skn";

    internal Func<string, string> EncodeSignature { get; init; } = Uri.EscapeDataString;

    internal static SasText For(string path, string key) => new() { Resource = Uri.EscapeDataString($"{MemoryCredentials.Host}{path}"), Key = MemoryCredentials.Key(key) };

    internal string Signature => Convert.ToBase64String(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes($"{Resource}\n{Expiry}")));

    /// <summary>The four SDKs, the documents' samples, and what hand-made tokens look like.</summary>
    internal static IReadOnlyDictionary<string, Func<string[], byte[], SasText>> Forms { get; } = new Dictionary<string, Func<string[], byte[], SasText>>
    {
        ["Node"] = (path, key) => new SasText { Resource = NodeEncode(string.Join('/', path)), Key = key, Order = "sr sig skn se", EncodeSignature = NodeEncode },
        ["Python"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', path)), Key = key, Order = "sr sig se skn" },
        ["C#"] = (path, key) => new SasText { Resource = WebUtility.UrlEncode(string.Join('/', path.Select((p, i) => i is 2 or 4 ? WebUtility.UrlEncode(p) : p))), Key = key, EncodeSignature = s => WebUtility.UrlEncode(s) },
        ["C"] = (path, key) => new SasText { Resource = string.Join('/', path), Key = key, EncodeSignature = Lower },
        ["C with an empty skn"] = (path, key) => new SasText { Resource = string.Join('/', path), Key = key, EncodeSignature = Lower, Policy = "" },
        ["lower-case escapes"] = (path, key) => new SasText { Resource = Lower(string.Join('/', path)), Key = key, EncodeSignature = Lower },
        ["raw base64"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', path)), Key = key, EncodeSignature = s => s },
        ["with a scheme and a slash after it"] = (path, key) => new SasText { Resource = Uri.EscapeDataString("https://" + string.Join('/', path) + "/"), Key = key },
        ["amqps, raw"] = (path, key) => new SasText { Resource = "amqps://" + string.Join('/', path), Key = key },
        ["with a port"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', [path[0] + ":8883", .. path[1..]])), Key = key },
        ["host in another case"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', [path[0].ToUpperInvariant(), .. path[1..]])), Key = key },
        ["fixed words in another case"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', path.Select((p, i) => i % 2 == 1 ? p.ToUpperInvariant() : p))), Key = key },
        ["expiry first"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', path)), Key = key, Order = "se sig sr" },
        ["a field that nobody knows"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', path)), Key = key, Order = "sr xx sig se" },
        ["no end in sight"] = (path, key) => new SasText { Resource = Uri.EscapeDataString(string.Join('/', path)), Key = key, Expiry = "18446744073709551615" },
    };

    public override string ToString() => "SharedAccessSignature " + string.Join('&', Order.Split(' ').Select(Field).Where(f => f.Length > 0));

    private string Field(string name) => name switch
    {
        "sr" => "sr=" + Resource,
        "sig" => "sig=" + EncodeSignature(Signature),
        "se" => "se=" + Expiry,
        "skn" => Policy is null ? "" : "skn=" + Policy,
        _ => name + "=what=ever",
    };

    // encodeURIComponent, and what it leaves alone of ! ' ( ) *; the last in lower-case hex.
    private static string NodeEncode(string text) => Uri.EscapeDataString(text).Replace("%2A", "%2a", StringComparison.Ordinal);

    private static string Lower(string text)
    {
        var encoded = new StringBuilder();
        foreach (var c in text)
        {
            encoded.Append(char.IsAsciiLetterOrDigit(c) || "!()*-._".Contains(c, StringComparison.Ordinal) ? c : $"%{(int)c:x2}");
        }

        return encoded.ToString();
    }
}
