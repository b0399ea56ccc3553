using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Gateway.Http.Files;

/// <summary>Reads the small JSON bodies of uploads.</summary>
internal static class UploadBody
{
    // A blob's name has at most 1,024 characters.
    private const int MaxBytes = 16 * 1024;

    internal static async ValueTask<Result<T>> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
        where T : class
    {
        var read = await RequestBody.ReadAsync(request, MaxBytes, HubErrors.GenericRequestEntityTooLarge, cancellationToken);
        if (!read.IsOk)
        {
            return read.Error;
        }

        using var body = read.Value;
        var parsed = Parse(body, typeInfo);
        if (!parsed.IsOk)
        {
            // azure-iot-device counts the characters of a body and not its bytes: one with others than ASCII arrives cut, and its rest would be read as the next request.
            request.HttpContext.Response.Headers.Connection = "close";
        }

        return parsed;
    }

    private static Result<T> Parse<T>(RequestBody body, JsonTypeInfo<T> typeInfo)
        where T : class
    {
        try
        {
            // In one piece: over several, .NET's reader runs past the end of some broken literals.
            var reader = new Utf8JsonReader(body.Bytes.IsSingleSegment ? body.Bytes.FirstSpan : body.Bytes.ToArray());
            return JsonSerializer.Deserialize(ref reader, typeInfo) is { } value && !reader.Read() ? value : HubErrors.IotHubFormatError.With("The body must be one JSON object.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return HubErrors.IotHubFormatError.With("The body is not the JSON that is expected.");
        }
    }
}
