using System.Globalization;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp;

/// <summary>The error catalogue on AMQP.</summary>
/// <remarks>Source: device-plane §2.9 and service-plane §7.6 of the wire reference.</remarks>
public static class AmqpErrors
{
    /// <summary>Condition, description as the service writes it (JSON), and the info map that clients read.</summary>
    public static AmqpError From(HubError error)
    {
        var tracking = $"{Guid.NewGuid():N}";
        var info = new AmqpMap();
        info.AddSymbol(AmqpConditions.TrackingIdKey, tracking);
        info.AddSymbol(AmqpConditions.ErrorCodeKey, error.Code);
        return new AmqpError { Condition = ConditionOf(error), Description = Describe(error, tracking), Info = info };
    }

    /// <summary>An error of the protocol itself.</summary>
    public static AmqpError Of(string condition, string description) => new() { Condition = condition, Description = description };

    /// <summary>The condition of a catalogue entry.</summary>
    public static string ConditionOf(HubError error) => error.Code switch
    {
        400_003 => AmqpConditions.NotAllowed,
        400_004 or 400_005 or 400_006 or 400_012 => AmqpConditions.ArgumentError,
        401_001 => AmqpConditions.IotHubNotFound,
        401_002 or 401_003 or 403_012 => AmqpConditions.UnauthorizedAccess,
        403_002 or 403_004 or 403_005 => AmqpConditions.ResourceLimitExceeded,
        404_000 or 404_001 or 404_010 => AmqpConditions.NotFound,
        405_000 => AmqpConditions.NotImplemented,
        409_001 => AmqpConditions.DeviceAlreadyExists,
        412_001 => AmqpConditions.MicrosoftPreconditionFailed,
        412_002 => AmqpConditions.MessageLockLost,
        413_001 => AmqpConditions.MessageSizeExceeded,
        >= 429_000 and < 430_000 => AmqpConditions.DeviceContainerThrottled,
        >= 400_000 and < 500_000 => AmqpConditions.ArgumentError,
        _ => AmqpConditions.InternalError,
    };

    private static string Describe(HubError error, string tracking)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("errorCode", error.Code);
            json.WriteString("trackingId", tracking);
            json.WriteString("message", error.Message);
            json.WriteString("timestampUtc", DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
