using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Hub.Configurations;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary>Configurations as the service shows them.</summary>
internal static class ConfigurationDocument
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    internal static ApiResponse Answer(Configuration configuration, int status = StatusCodes.Status200OK) =>
        ApiResponse.Raw(Encode(configuration.WriteTo), configuration.ETag, status);

    internal static ApiResponse Answer(IReadOnlyList<Configuration> configurations) => ApiResponse.Raw(
        Encode(writer =>
        {
            writer.WriteStartArray();
            foreach (var configuration in configurations)
            {
                configuration.WriteTo(writer);
            }

            writer.WriteEndArray();
        }),
        etag: null);

    private static ReadOnlyMemory<byte> Encode(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(body, Options))
        {
            write(writer);
        }

        return body.WrittenMemory;
    }
}
