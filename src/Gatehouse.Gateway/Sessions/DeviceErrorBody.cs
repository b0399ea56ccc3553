using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Wire.Http;

namespace Gatehouse.Gateway.Sessions;

/// <summary>The body of an answer that is an error, as the service writes it over MQTT. Node parses it and, over MQTT, looks at nothing else.</summary>
/// <remarks>Source: device-plane §1.7 of the wire reference.</remarks>
internal static class DeviceErrorBody
{
    internal static ReadOnlyMemory<byte> Encode(HubError error, DateTimeOffset now)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("errorCode", error.Code);
            json.WriteString("trackingId", TrackingId.New(now));
            json.WriteString("message", error.Message);
            json.WriteString("timestampUtc", now.UtcDateTime);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
