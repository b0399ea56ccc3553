using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DeviceTwins;

/// <summary>The whole twin with its ETag: what reads and writes of twins answer.</summary>
internal static class TwinAnswer
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    internal static ApiResponse Of(Result<Twin> twin)
    {
        if (!twin.IsOk)
        {
            return twin.Error;
        }

        var body = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(body, Options))
        {
            TwinDocument.WriteTo(writer, twin.Value);
        }

        return ApiResponse.Raw(body.WrittenMemory, twin.Value.ETag);
    }
}
