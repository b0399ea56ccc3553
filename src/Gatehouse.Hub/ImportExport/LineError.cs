using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Why a line was not done.</summary>
internal sealed record LineError
{
    /// <summary>Its number; the lines of a later blob come after those of the one before.</summary>
    public long Line { get; init; }

    /// <summary>A line of <c>importErrors.log</c>.</summary>
    public string Json { get; init; } = "";

    internal static LineError Of(long line, HubError error, params ReadOnlySpan<(string Name, string? Value)> of)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in of)
            {
                writer.WriteString(name, value);
            }

            writer.WriteString("errorCode", error.Name);
            writer.WriteString("errorStatus", error.Message);
            writer.WriteEndObject();
        }

        return new LineError { Line = line, Json = Encoding.UTF8.GetString(buffer.WrittenSpan) };
    }
}
