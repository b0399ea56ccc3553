using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Telemetry;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Gateway.Http;

/// <summary>A batch of messages as JSON: <c>[{"body":"…","base64Encoded":false,"properties":{"iothub-app-k":"v"}}]</c>, read whole before anything of it is sent.</summary>
/// <remarks>Source: device-plane §3.2 of the wire reference. Fields and bodies lie in one rented buffer, which they cannot outgrow: each is smaller than its text.</remarks>
internal sealed class EventBatch : IDisposable
{
    internal const string MediaType = "application/vnd.microsoft.iothub.json";

    private const int MaxDepth = 8;

    private readonly List<Place> places = [];
    private byte[] buffer;
    private int used;

    private EventBatch(int bytes) => buffer = ArrayPool<byte>.Shared.Rent(bytes);

    /// <summary>Why it cannot be sent.</summary>
    internal HubError? Error { get; private set; }

    internal int Count => places.Count;

    /// <summary>Fields of a message, for <see cref="EventProperties.TryJoin"/>.</summary>
    internal ReadOnlySpan<byte> Fields(int index) => buffer.AsSpan(places[index].Start, places[index].FieldBytes);

    internal ReadOnlySequence<byte> Body(int index) => new(buffer, places[index].Start + places[index].FieldBytes, places[index].BodyBytes);

    internal static bool IsBatch(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(MediaType, StringComparison.OrdinalIgnoreCase)
        && MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase);

    /// <param name="json">Bounded by the caller.</param>
    /// <param name="maxMessages">More are refused.</param>
    /// <param name="maxBytes">Bodies and properties of all messages together.</param>
    internal static EventBatch Read(in ReadOnlySequence<byte> json, int maxMessages, int maxBytes)
    {
        var batch = new EventBatch((int)json.Length + 16);

        // In one piece: over several, .NET's reader runs past the end of some broken literals.
        var whole = json.IsSingleSegment ? null : ArrayPool<byte>.Shared.Rent((int)json.Length);
        if (whole is not null)
        {
            json.CopyTo(whole);
        }

        try
        {
            var reader = new Utf8JsonReader(whole is null ? json.FirstSpan : whole.AsSpan(0, (int)json.Length), new JsonReaderOptions { MaxDepth = MaxDepth });
            batch.Error = batch.ReadMessages(ref reader, maxMessages, maxBytes);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter: text that is no Unicode.
            batch.Error = HubErrors.ArgumentInvalid.With("The batch is not JSON.");
        }
        finally
        {
            if (whole is not null)
            {
                ArrayPool<byte>.Shared.Return(whole);
            }
        }

        return batch;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        places.Clear();
    }

    private HubError? ReadMessages(ref Utf8JsonReader reader, int maxMessages, int maxBytes)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return HubErrors.ArgumentInvalid.With("The batch must be a JSON array of messages.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return HubErrors.ArgumentInvalid.With("Each message of the batch must be a JSON object.");
            }

            if (places.Count == maxMessages)
            {
                return HubErrors.ArgumentInvalid.With("The batch holds too many messages.");
            }

            if (ReadMessage(ref reader) is { } error)
            {
                return error;
            }

            if (used > maxBytes)
            {
                return HubErrors.MessageTooLarge.With("The messages of the batch together are larger than the limit.");
            }
        }

        return reader.Read() ? HubErrors.ArgumentInvalid.With("Something follows the JSON array.") : null;
    }

    private HubError? ReadMessage(ref Utf8JsonReader reader)
    {
        var start = used;
        var fieldBytes = 0;
        var isBase64 = true;
        Utf8JsonReader body = default;
        var hasBody = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("body"u8))
            {
                if (hasBody || !reader.Read() || reader.TokenType != JsonTokenType.String)
                {
                    return HubErrors.ArgumentInvalid.With("The body of a message must be one string.");
                }

                body = reader;
                hasBody = true;
            }
            else if (reader.ValueTextEquals("base64Encoded"u8))
            {
                if (!reader.Read() || reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
                {
                    return HubErrors.ArgumentInvalid.With("base64Encoded must be true or false.");
                }

                isBase64 = reader.TokenType == JsonTokenType.True;
            }
            else if (reader.ValueTextEquals("properties"u8))
            {
                if (fieldBytes > 0 || !reader.Read() || !TryReadProperties(ref reader, out fieldBytes))
                {
                    return HubErrors.ArgumentInvalid.With("The properties of a message must be one JSON object of texts, numbers and truth values.");
                }
            }
            else
            {
                reader.Skip();
            }
        }

        if (!hasBody)
        {
            return HubErrors.ArgumentInvalid.With("A message of the batch has no body.");
        }

        if (!TryCopyBody(body, isBase64, out var bodyBytes))
        {
            return HubErrors.ArgumentInvalid.With("The body of a message is not base64; \"base64Encoded\":false sends text.");
        }

        places.Add(new Place(start, fieldBytes, bodyBytes));
        return null;
    }

    private bool TryReadProperties(ref Utf8JsonReader reader, out int fieldBytes)
    {
        fieldBytes = 0;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        var scratch = ArrayPool<byte>.Shared.Rent(buffer.Length);
        var encoded = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            var writer = new EventWriter(encoded);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var nameBytes = reader.CopyString(scratch);
                if (!reader.Read() || !TryCopyValue(ref reader, scratch.AsSpan(nameBytes), out var valueBytes)
                    || !EventProperties.TryAdd(ref writer, scratch.AsSpan(0, nameBytes), scratch.AsSpan(nameBytes, valueBytes)))
                {
                    return false;
                }
            }

            var fields = writer.Fields;
            fields.CopyTo(buffer.AsSpan(used));
            used += fields.Length;
            fieldBytes = fields.Length;
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
            ArrayPool<byte>.Shared.Return(encoded);
        }
    }

    private static bool TryCopyValue(ref Utf8JsonReader reader, Span<byte> target, out int written)
    {
        written = 0;
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                written = reader.CopyString(target);
                return true;
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                written = (int)(reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length);
                if (reader.HasValueSequence)
                {
                    reader.ValueSequence.CopyTo(target);
                }
                else
                {
                    reader.ValueSpan.CopyTo(target);
                }

                return true;
            default:
                return reader.TokenType == JsonTokenType.Null;
        }
    }

    private bool TryCopyBody(Utf8JsonReader body, bool isBase64, out int written)
    {
        var target = buffer.AsSpan(used);
        written = body.CopyString(target);
        if (isBase64 && Base64.DecodeFromUtf8InPlace(target[..written], out written) != OperationStatus.Done)
        {
            return false;
        }

        used += written;
        return true;
    }

    /// <summary>Where a message's fields lie, its body right behind them.</summary>
    private readonly record struct Place(int Start, int FieldBytes, int BodyBytes);
}
