namespace Gatehouse.Hub.Routing;

/// <summary>Where a routed event comes from. The names are those of the management API.</summary>
/// <remarks>Source: IoT Hub "Use message routing" page.</remarks>
public enum RouteSource
{
    DeviceMessages,
    TwinChangeEvents,
    DeviceLifecycleEvents,
    DeviceConnectionStateEvents,
    DeviceJobLifecycleEvents,
    DigitalTwinChangeEvents,
}
