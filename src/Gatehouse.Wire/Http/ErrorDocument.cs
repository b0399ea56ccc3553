using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Wire.Http;

/// <summary>A catalogue error as a body of HTTP: <c>{"Message":"ErrorCode:{Name};{text}","ExceptionMessage":"Tracking ID:…"}</c>, the same on both planes.</summary>
/// <remarks>The Node SDKs take the code from Message; the C# SDKs want it and the header <see cref="CodeHeader"/> to name the same code.</remarks>
public static class ErrorDocument
{
    public const string ContentType = "application/json; charset=utf-8";

    public const string CodeHeader = "iothub-errorcode";

    // The answers are never HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Encode(HubError error, string trackingId)
    {
        ArgumentNullException.ThrowIfNull(error);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("Message", $"ErrorCode:{error.Name};{error.Message}");
            json.WriteString("ExceptionMessage", $"Tracking ID:{trackingId}");
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
