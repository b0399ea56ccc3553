using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Routing.Outbox;

/// <summary>An event of the hub's own making.</summary>
/// <param name="Hub">Hub.</param>
/// <param name="Key">Whom it is about.</param>
/// <param name="Source">Not DeviceMessages.</param>
/// <param name="Operation">What <c>opType</c> says.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Body">JSON, UTF-8.</param>
/// <remarks>Source: IoT Hub "Non-telemetry event schemas" page; for digital twins the page on digital twins of IoT Plug and Play. Unconfirmed: opType and schema of digital twins and jobs, the schema of modules.</remarks>
internal sealed record HubMadeEvent(HubName Hub, IdentityKey Key, RouteSource Source, string Operation, DateTimeOffset Time, ReadOnlyMemory<byte> Body)
{
    /// <summary>Of a digital twin.</summary>
    internal string? ModelId { get; init; }

    /// <summary>As an event record, with the properties and stamps that the service writes.</summary>
    internal byte[] ToRecord()
    {
        var (device, module) = (Key.Device.Value, Key.Module?.Value);
        var stamps = EventWriter.EncodeFields(
            (EventField.ContentType, Source == RouteSource.DigitalTwinChangeEvents ? "application/json-patch+json" : "application/json"),
            (EventField.ContentEncoding, "utf-8"),
            (EventField.CorrelationId, Guid.NewGuid().ToString("N")),
            (EventField.UserId, Hub.Value),
            (EventField.ConnectionDeviceId, device),
            (EventField.ConnectionModuleId, module),
            (EventField.MessageSource, EventSources.TextOf(Source)),
            (EventField.ModelId, ModelId),
            (EventField.MessageSchema, Schema));
        var writer = new EventWriter(new byte[stamps.Length + device.Length + (module?.Length ?? 0) + 256 + Hub.Value.Length + Operation.Length]);
        writer.TryAddEncoded(stamps);
        Add(ref writer, "hubName"u8, Hub.Value);
        Add(ref writer, "deviceId"u8, device);
        Add(ref writer, "moduleId"u8, module);
        Add(ref writer, "operationTimestamp"u8, TextOf(Time));
        Add(ref writer, "opType"u8, Operation);
        return [.. writer.Complete(), .. Body.Span];
    }

    /// <summary>ISO 8601 with seven decimals.</summary>
    internal static string TextOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private string Schema => Source switch
    {
        RouteSource.TwinChangeEvents => "twinChangeNotification",
        RouteSource.DeviceLifecycleEvents => Key.IsModule ? "moduleLifecycleNotification" : "deviceLifecycleNotification",
        RouteSource.DeviceConnectionStateEvents => "deviceConnectionStateNotification",
        RouteSource.DigitalTwinChangeEvents => "digitalTwinChangeNotification",
        _ => "deviceJobLifecycleNotification",
    };

    private static void Add(ref EventWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.TryAddApplication(name, Encoding.UTF8.GetBytes(value));
        }
    }
}
