using System.Globalization;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary>The query of a request for events.</summary>
/// <param name="Query">What to read.</param>
/// <param name="Max">End after so many events; null for no end.</param>
/// <param name="BodyAsBase64">Bytes exactly as sent, rather than JSON or text where they are such.</param>
internal sealed record EventRequest(EventQuery Query, long? Max, bool BodyAsBase64)
{
    internal static Result<EventRequest> Read(ApiRequest request) => Read(request.Query);

    internal static Result<EventRequest> Read(Func<string, string?> parameter)
    {
        var from = ReadPosition(parameter("from"));
        if (!from.IsOk)
        {
            return from.Error;
        }

        if (!TryReadNumber(parameter("partition"), out var partition) || partition > int.MaxValue)
        {
            return HubErrors.ArgumentInvalid.With("The partition must be a number.");
        }

        if (!TryReadNumber(parameter("max"), out var max) || max == 0)
        {
            return HubErrors.ArgumentInvalid.With("max must be a number of 1 or more.");
        }

        var body = parameter("body") ?? "auto";
        if (body is not ("auto" or "base64"))
        {
            return HubErrors.ArgumentInvalid.With("body must be auto or base64.");
        }

        var (device, module) = (parameter("device"), parameter("module"));
        if (!Optional<DeviceId>(device, DeviceId.TryParse, out var deviceId) || !Optional<ModuleId>(module, ModuleId.TryParse, out var moduleId))
        {
            return HubErrors.ArgumentInvalid.With("device and module must be ids of 1 to 128 characters of the documented alphabet.");
        }

        var query = new EventQuery
        {
            ConsumerGroup = parameter("consumerGroup") ?? ConsumerGroup.DefaultName,
            Partition = (int?)partition,
            From = from.Value,
            Device = deviceId,
            Module = moduleId,
        };
        return new EventRequest(query, max, BodyAsBase64: body == "base64");
    }

    private delegate bool TryParse<T>(string? text, out T value);

    private static bool Optional<T>(string? text, TryParse<T> tryParse, out T? value)
        where T : struct
    {
        value = null;
        if (text is null)
        {
            return true;
        }

        var parsed = tryParse(text, out var found);
        value = parsed ? found : null;
        return parsed;
    }

    // earliest | latest | sequence:N | offset:N | time:ISO 8601
    private static Result<EventPosition> ReadPosition(string? text)
    {
        var (word, argument) = text?.Split(':', 2) switch
        {
            [var only] => (only, null),
            [var first, var rest] => (first, rest),
            _ => ("latest", null),
        };
        EventPosition? position = (word, argument) switch
        {
            ("earliest", null) => new EventPosition.Earliest(),
            ("latest", null) => new EventPosition.Latest(),
            ("sequence", not null) when TryReadNumber(argument, out var number) => new EventPosition.FromSequenceNumber(number!.Value),
            ("offset", "-1") => new EventPosition.AfterOffset(-1),
            ("offset", not null) when TryReadNumber(argument, out var number) => new EventPosition.AfterOffset(number!.Value),
            ("time", not null) when TryReadTime(argument, out var time) => new EventPosition.FromTime(time),
            _ => null,
        };
        return position is null
            ? HubErrors.ArgumentInvalid.With("from must be earliest, latest, sequence:N, offset:N or time:2026-01-31T12:00:00Z.")
            : position;
    }

    private static bool TryReadNumber(string? text, out long? number)
    {
        number = null;
        if (text is null)
        {
            return true;
        }

        var parsed = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        number = parsed ? value : null;
        return parsed;
    }

    private static bool TryReadTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
