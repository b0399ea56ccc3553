using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Hub.Events;

/// <summary>Where each stored field goes in an event that is read, and under which name.</summary>
/// <remarks>Source: IoT Hub "Create and read IoT Hub messages" page; azure-iot-cli and Explorer print these. Unconfirmed: the section of <c>iothub-outputname</c> and of the tracing fields.</remarks>
internal static class EventNames
{
    /// <summary>Null when the field goes elsewhere.</summary>
    internal static string? Property(EventField field) => field switch
    {
        EventField.MessageId => "message-id",
        EventField.CorrelationId => "correlation-id",
        EventField.UserId => "user-id",
        EventField.To => "to",
        EventField.AbsoluteExpiryTime => "absolute-expiry-time",
        EventField.ContentType => "content-type",
        EventField.ContentEncoding => "content-encoding",
        _ => null,
    };

    internal static string? Annotation(EventField field) => field switch
    {
        EventField.ConnectionDeviceId => "iothub-connection-device-id",
        EventField.ConnectionModuleId => "iothub-connection-module-id",
        EventField.ConnectionAuthMethod => "iothub-connection-auth-method",
        EventField.ConnectionAuthGenerationId => "iothub-connection-auth-generation-id",
        EventField.MessageSource => "iothub-message-source",
        EventField.CreationTimeUtc => "iothub-creation-time-utc",
        EventField.InterfaceId => "iothub-interface-id",
        EventField.OutputName => "iothub-outputname",
        EventField.Subject => "dt-subject",
        EventField.ModelId => "dt-dataschema",
        EventField.DiagnosticId => "Diagnostic-Id",
        EventField.DiagnosticContext => "Correlation-Context",
        _ => null,
    };

    /// <summary>System properties that readers find among the application properties.</summary>
    internal static string? Application(EventField field) => field switch
    {
        EventField.MessageSchema => "iothub-message-schema",
        EventField.Operation => "iothub-operation",
        EventField.MessageType => "iothub-MessageType",
        _ => null,
    };
}
