using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Queries.Language;

/// <summary>Reads a message's body as JSON, when the message says that it is.</summary>
/// <remarks>Only content type application/json with content encoding utf-8, utf-16 or utf-32. Source: IoT Hub "Message routing query syntax" page.</remarks>
internal static class MessageBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = QueryLimits.MaxBodyDepth };

    /// <summary>Null when the body is not JSON or not said to be.</summary>
    internal static JsonDocument? Parse(ReadOnlySpan<byte> record)
    {
        var reader = new EventReader(record);
        Encoding? encoding = null;
        var isJson = false;
        while (reader.Read())
        {
            if (reader.Field == EventField.ContentType)
            {
                isJson = IsJson(reader.Value);
            }
            else if (reader.Field == EventField.ContentEncoding)
            {
                encoding = FindEncoding(reader.Value);
            }
        }

        if (!isJson || encoding is null || reader.Body.IsEmpty)
        {
            return null;
        }

        try
        {
            var utf8 = ReferenceEquals(encoding, Encoding.UTF8) ? reader.Body.ToArray() : Encoding.UTF8.GetBytes(encoding.GetString(reader.Body));
            return JsonDocument.Parse(utf8.AsMemory(utf8.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary><c>application/json</c>, with or without parameters.</summary>
    private static bool IsJson(ReadOnlySpan<byte> contentType)
    {
        var semicolon = contentType.IndexOf((byte)';');
        var media = (semicolon < 0 ? contentType : contentType[..semicolon]).Trim((byte)' ');
        return Ascii.EqualsIgnoreCase(media, "application/json"u8);
    }

    private static Encoding? FindEncoding(ReadOnlySpan<byte> name)
    {
        if (Ascii.EqualsIgnoreCase(name, "utf-8"u8))
        {
            return Encoding.UTF8;
        }

        if (Ascii.EqualsIgnoreCase(name, "utf-16"u8))
        {
            return Encoding.Unicode;
        }

        return Ascii.EqualsIgnoreCase(name, "utf-32"u8) ? Encoding.UTF32 : null;
    }
}
