using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Methods;

/// <summary>What a call and an answer must look like. Pure.</summary>
internal static class MethodRules
{
    internal const int MaxNameCharacters = 128;
    private const int MaxJsonDepth = 64;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan ShortestResponse = TimeSpan.FromSeconds(5);

    // Printable ASCII less the separators of RFC 2616. Source: IoT Hub "Understand and invoke direct methods" page.
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("!#%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");

    /// <summary>Null when the call may go on.</summary>
    internal static HubError? FindFault(MethodCall call, MethodOptions options)
    {
        if (call.Name.Length is 0 or > MaxNameCharacters || call.Name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            return HubErrors.ArgumentInvalid.With($"The method name must have 1 to {MaxNameCharacters} printable ASCII characters without space and $ ( ) < > @ , ; : \\ \" / [ ] ? = {{ }}.");
        }

        if (call.ResponseTimeout < ShortestResponse || call.ResponseTimeout > LongestWait)
        {
            return HubErrors.ArgumentInvalid.With("The response time-out must lie between 5 and 300 seconds.");
        }

        if (call.ConnectTimeout < TimeSpan.Zero || call.ConnectTimeout > LongestWait)
        {
            return HubErrors.ArgumentInvalid.With("The connect time-out must lie between 0 and 300 seconds.");
        }

        if (call.Payload.Length > options.MaxPayloadBytes)
        {
            return HubErrors.MessageTooLarge.With($"The payload has {call.Payload.Length} bytes; {options.MaxPayloadBytes} are allowed.");
        }

        return call.Payload.IsEmpty || IsJson(call.Payload.Span) ? null : HubErrors.ArgumentInvalid.With("The payload is not one JSON value.");
    }

    /// <summary>The answer, or what is wrong with it.</summary>
    internal static Result<MethodAnswer> Judge(int status, ReadOnlyMemory<byte> payload, MethodOptions options)
    {
        if (payload.Length > options.MaxPayloadBytes)
        {
            return HubErrors.GenericBadGateway.With($"The device answered with {payload.Length} bytes; {options.MaxPayloadBytes} are allowed.");
        }

        if (payload.IsEmpty)
        {
            return new MethodAnswer(status, Null);
        }

        return IsJson(payload.Span) ? new MethodAnswer(status, payload) : HubErrors.GenericBadGateway.With("The device's answer is not one JSON value.");
    }

    internal static ReadOnlyMemory<byte> Null { get; } = "null"u8.ToArray();

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
