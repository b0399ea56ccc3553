using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Hub.Queries;

/// <summary>Where a page ended. It only says where to go on reading: who makes one up reads nothing that the query would not show, in the caller's own hub.</summary>
/// <param name="Query">Fingerprint of the query's text.</param>
/// <param name="Device">Last device read.</param>
/// <param name="Module">Last module read; empty for devices.</param>
/// <param name="Left">Rows that TOP leaves; negative for no end.</param>
/// <param name="Groups">Groups shown already.</param>
internal sealed record Continuation(string Query, string Device, string Module, int Left, int Groups)
{
    private const int MaxIdCharacters = 128;

    // Two ids of characters that JSON escapes, six bytes for each, in base64: what was made must always be read again.
    private const int MaxLength = 4096;

    internal static string Fingerprint(string query) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(query)).AsSpan(0, 8));

    internal string Encode()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(Query);
            writer.WriteStringValue(Device);
            writer.WriteStringValue(Module);
            writer.WriteNumberValue(Left);
            writer.WriteNumberValue(Groups);
            writer.WriteEndArray();
        }

        return Base64Url.EncodeToString(buffer.ToArray());
    }

    /// <summary>Null for what this server never made for this query.</summary>
    internal static Continuation? Decode(string text, string query)
    {
        try
        {
            if (text.Length > MaxLength || !Base64Url.IsValid(text))
            {
                return null;
            }

            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(text));
            var root = json.RootElement;
            var made = new Continuation(root[0].GetString()!, root[1].GetString()!, root[2].GetString()!, root[3].GetInt32(), root[4].GetInt32());
            return made.Query == Fingerprint(query) && made.Groups >= 0 && IsPlace(made.Device) && IsPlace(made.Module) ? made : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static bool IsPlace(string? id) => id?.Length <= MaxIdCharacters && !id.Contains('\0', StringComparison.Ordinal);
}
