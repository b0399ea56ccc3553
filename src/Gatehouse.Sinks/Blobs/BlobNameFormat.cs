using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gatehouse.Sinks.Blobs;

/// <summary>The name of each blob: text with the tokens <c>{iothub} {partition} {YYYY} {MM} {DD} {HH} {mm}</c>, each exactly once, in any order.</summary>
/// <remarks>Source: the resource model of Microsoft.Devices (RoutingStorageContainerProperties).</remarks>
public sealed class BlobNameFormat
{
    public const string Default = "{iothub}/{partition}/{YYYY}/{MM}/{DD}/{HH}/{mm}";
    private const int MaxLength = 256;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./=");

    private static readonly string[] Tokens = ["{iothub}", "{partition}", "{YYYY}", "{MM}", "{DD}", "{HH}", "{mm}"];

    private readonly string text;

    private BlobNameFormat(string text) => this.text = text;

    /// <summary>Null when it is no format; <paramref name="fault"/> says why.</summary>
    public static BlobNameFormat? Parse(string text, out string fault)
    {
        fault = "";
        if (text.Length is 0 or > MaxLength)
        {
            fault = $"The file name format must have 1 to {MaxLength} characters.";
            return null;
        }

        var rest = text;
        foreach (var token in Tokens)
        {
            var at = rest.IndexOf(token, StringComparison.Ordinal);
            if (at < 0 || rest.IndexOf(token, at + token.Length, StringComparison.Ordinal) >= 0)
            {
                fault = $"The file name format must hold each of {string.Join(' ', Tokens)} exactly once.";
                return null;
            }

            rest = rest.Remove(at, token.Length).Insert(at, "x");
        }

        if (rest.AsSpan().ContainsAnyExcept(Allowed) || rest.Contains("..", StringComparison.Ordinal) || rest.Contains("//", StringComparison.Ordinal)
            || rest[0] == '/' || rest[^1] is '/' or '.')
        {
            fault = "Beside its tokens the file name format may hold A-Z a-z 0-9 - _ . / =, and no empty or dotted folders.";
            return null;
        }

        return new BlobNameFormat(text);
    }

    /// <summary>The name without extension.</summary>
    internal string Make(string hub, int partition, DateTimeOffset time) => new StringBuilder(text)
        .Replace("{iothub}", hub)
        .Replace("{partition}", partition.ToString("00", CultureInfo.InvariantCulture))
        .Replace("{YYYY}", time.UtcDateTime.ToString("yyyy", CultureInfo.InvariantCulture))
        .Replace("{MM}", time.UtcDateTime.ToString("MM", CultureInfo.InvariantCulture))
        .Replace("{DD}", time.UtcDateTime.ToString("dd", CultureInfo.InvariantCulture))
        .Replace("{HH}", time.UtcDateTime.ToString("HH", CultureInfo.InvariantCulture))
        .Replace("{mm}", time.UtcDateTime.ToString("mm", CultureInfo.InvariantCulture))
        .ToString();
}
