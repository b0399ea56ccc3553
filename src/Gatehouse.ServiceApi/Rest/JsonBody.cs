using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Reads a JSON body within limits. Whatever is wrong with it is an answer of the 4xx family.</summary>
internal static class JsonBody
{
    internal static async Task<Result<T>> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> typeInfo, ServiceApiOptions options, CancellationToken cancellationToken)
        where T : class
    {
        var body = await ReadBytesAsync(request, options, cancellationToken);
        return body.IsOk ? Parse(body.Value, typeInfo, options) : body.Error;
    }

    /// <summary>The body as it came; its length and what the headers say of it are checked.</summary>
    internal static async Task<Result<ReadOnlyMemory<byte>>> ReadBytesAsync(HttpRequest request, ServiceApiOptions options, CancellationToken cancellationToken) =>
        CheckHeaders(request) is { } refused ? refused : await ReadBytesAsync(request, options.MaxBodyBytes, cancellationToken);

    private static HubError? CheckHeaders(HttpRequest request)
    {
        if (!string.IsNullOrEmpty(request.Headers.ContentEncoding))
        {
            return HubErrors.GenericUnsupportedMediaType.With("A Content-Encoding is not supported.");
        }

        if (string.IsNullOrEmpty(request.ContentType))
        {
            return null;
        }

        var isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        return isJson ? null : HubErrors.GenericUnsupportedMediaType.With("The body must be application/json in UTF-8.");
    }

    /// <summary>The bytes of a body, whatever they are. GenericRequestEntityTooLarge, GenericBadRequest.</summary>
    internal static async Task<Result<ReadOnlyMemory<byte>>> ReadBytesAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        // Before room is made for what the peer says it will send.
        if (request.ContentLength > limit)
        {
            return TooLarge(limit);
        }

        var buffer = new ArrayBufferWriter<byte>(Math.Max(256, (int)(request.ContentLength ?? 4096)));
        try
        {
            int count;
            while ((count = await request.Body.ReadAsync(buffer.GetMemory(1024), cancellationToken)) > 0)
            {
                buffer.Advance(count);
                if (buffer.WrittenCount > limit)
                {
                    return TooLarge(limit);
                }
            }
        }
        catch (BadHttpRequestException error)
        {
            // Broken chunking, a body shorter than announced, or the server's own limit.
            return error.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(limit) : HubErrors.GenericBadRequest.With("The body could not be received.");
        }

        return buffer.WrittenMemory;
    }

    private static Result<T> Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> typeInfo, ServiceApiOptions options)
        where T : class
    {
        var bytes = body.Span;
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        if (bytes.IsEmpty)
        {
            return HubErrors.ArgumentNull.With("The body is empty.");
        }

        // The reader does not look into what it only passes on.
        if (!Utf8.IsValid(bytes))
        {
            return HubErrors.IotHubFormatError.With("The body is not UTF-8.");
        }

        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = options.MaxJsonDepth });
            var value = JsonSerializer.Deserialize(ref reader, typeInfo);
            if (reader.Read())
            {
                return HubErrors.IotHubFormatError.With("Something follows the JSON value.");
            }

            return value is null ? HubErrors.ArgumentNull.With("The body is null.") : value;
        }
        catch (JsonException error)
        {
            return HubErrors.IotHubFormatError.With(Describe(error));
        }
        catch (ArgumentException)
        {
            // What a JsonObject makes of a name that comes twice.
            return HubErrors.IotHubFormatError.With("The body is not the expected JSON: a name comes twice in one object.");
        }
    }

    // Place only: the exception's own text quotes type names.
    private static string Describe(JsonException error) =>
        $"The body is not the expected JSON (path {Shorten(error.Path)}, line {error.LineNumber ?? 0}, byte {error.BytePositionInLine ?? 0}).";

    private static string Shorten(string? path) => path is null ? "$" : path.Length <= 100 ? path : path[..100];

    private static HubError TooLarge(int limit) => HubErrors.GenericRequestEntityTooLarge.With($"The body is larger than {limit} bytes.");
}
