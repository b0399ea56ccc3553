using System.Text;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Routing;

/// <summary>What <c>iothub-message-source</c> says of each source.</summary>
/// <remarks>Source: IoT Hub "Non-telemetry event schemas" page.</remarks>
internal static class EventSources
{
    /// <summary>Text of the stamp.</summary>
    internal static string TextOf(RouteSource source) => source switch
    {
        RouteSource.TwinChangeEvents => "twinChangeEvents",
        RouteSource.DeviceLifecycleEvents => "deviceLifecycleEvents",
        RouteSource.DeviceConnectionStateEvents => "deviceConnectionStateEvents",
        RouteSource.DeviceJobLifecycleEvents => "deviceJobLifecycleEvents",
        RouteSource.DigitalTwinChangeEvents => "digitalTwinChangeEvents",
        _ => "Telemetry",
    };

    /// <summary>The source of a record; a device cannot write the stamp, so that it tells.</summary>
    internal static RouteSource Of(ReadOnlySpan<byte> record)
    {
        var reader = new EventReader(record);
        while (reader.Read())
        {
            if (reader.Field == EventField.MessageSource)
            {
                return reader.Value.SequenceEqual("Telemetry"u8) ? RouteSource.DeviceMessages : Of(Encoding.UTF8.GetString(reader.Value));
            }
        }

        return RouteSource.DeviceMessages;
    }

    private static RouteSource Of(string text)
    {
        foreach (var source in Enum.GetValues<RouteSource>())
        {
            if (text == TextOf(source))
            {
                return source;
            }
        }

        return RouteSource.DeviceMessages;
    }
}
