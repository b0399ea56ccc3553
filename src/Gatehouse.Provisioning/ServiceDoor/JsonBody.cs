using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Gatehouse.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>Reads a JSON body within a limit. Whatever is wrong with it is an answer of the 4xx family.</summary>
internal static class JsonBody
{
    /// <summary>What keeps <see cref="TextOf"/> from it.</summary>
    internal const string Unsound = "is nested deeper than 24 levels, or holds a name twice or text that is not Unicode";

    // Documents and lists put up to three levels around what they pass on, and the writer ends where the reader does, at 32.
    private const int MaxPassedOnDepth = 24;

    /// <summary>Null when the body is empty. RequestTooLarge, UnsupportedMediaType, ArgumentInvalid, BadRequest.</summary>
    internal static async Task<Result<T?>> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> typeInfo, int limit, CancellationToken cancellationToken)
        where T : class
    {
        if (CheckHeaders(request, limit) is { } refused)
        {
            return refused;
        }

        var buffer = new ArrayBufferWriter<byte>(Math.Max(256, (int)(request.ContentLength ?? 1024)));
        try
        {
            int count;
            while ((count = await request.Body.ReadAsync(buffer.GetMemory(512), cancellationToken)) > 0)
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
            return error.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(limit) : ProvisioningErrors.BadRequest.With("The body could not be received.");
        }

        return Parse(buffer.WrittenSpan, typeInfo);
    }

    internal static Result<T?> Parse<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> typeInfo)
        where T : class
    {
        bytes = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        if (bytes.Trim(" \r\n\t"u8).IsEmpty)
        {
            return (T?)null;
        }

        // The reader does not look into what it only passes on.
        if (!Utf8.IsValid(bytes))
        {
            return ProvisioningErrors.ArgumentInvalid.With("The body is not UTF-8.");
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, typeInfo);
        }
        catch (JsonException error)
        {
            // Place only: the exception's own text quotes what was sent and names of types.
            var path = error.Path is { Length: > 100 } text ? text[..100] : error.Path ?? "$";
            return ProvisioningErrors.ArgumentInvalid.With($"The body is not the expected JSON (path {path}, line {error.LineNumber ?? 0}, byte {error.BytePositionInLine ?? 0}).");
        }
        catch (ArgumentException)
        {
            // So the serializer says that an object of the caller's own has a name twice.
            return ProvisioningErrors.ArgumentInvalid.With("The body is not the expected JSON: a name occurs twice.");
        }
    }

    /// <summary>What is kept or passed on of the caller's own, as UTF-8; null where that could be read but not told to anybody.</summary>
    /// <remarks>Half of a surrogate pair, escaped, is JSON but no text, and a name may come twice: either shows only later, when nobody can be told.</remarks>
    internal static byte[]? TextOf(JsonNode value)
    {
        try
        {
            var text = Encoding.UTF8.GetBytes(value.ToJsonString());
            using var strict = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxPassedOnDepth, AllowDuplicateProperties = false });
            return text;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static HubError? CheckHeaders(HttpRequest request, int limit)
    {
        if (request.ContentLength > limit)
        {
            return TooLarge(limit);
        }

        if (!string.IsNullOrEmpty(request.Headers.ContentEncoding))
        {
            return ProvisioningErrors.UnsupportedMediaType.With("A Content-Encoding is not supported.");
        }

        var isJson = string.IsNullOrEmpty(request.ContentType)
            || (MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
                && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)));
        return isJson ? null : ProvisioningErrors.UnsupportedMediaType.With("The body must be application/json in UTF-8.");
    }

    private static HubError TooLarge(int limit) => ProvisioningErrors.RequestTooLarge.With($"The body is larger than {limit} bytes.");
}
