namespace Gatehouse.Contracts.Telemetry;

/// <summary>Fields of a stored event. The numbers are the storage format: never reuse or renumber.</summary>
/// <remarks>Source of the names: IoT Hub "Create and read IoT Hub messages" page.</remarks>
public enum EventField : byte
{
    /// <summary>Application property: key and value.</summary>
    Application = 0,

    /// <summary>Application property without a value (<c>k</c> alone in an MQTT property bag).</summary>
    ApplicationNull = 1,

    /// <summary><c>message-id</c></summary>
    MessageId = 2,

    /// <summary><c>correlation-id</c></summary>
    CorrelationId = 3,

    /// <summary><c>user-id</c></summary>
    UserId = 4,

    /// <summary><c>to</c></summary>
    To = 5,

    /// <summary><c>absolute-expiry-time</c></summary>
    AbsoluteExpiryTime = 6,

    /// <summary><c>content-type</c></summary>
    ContentType = 7,

    /// <summary><c>content-encoding</c></summary>
    ContentEncoding = 8,

    /// <summary><c>iothub-creation-time-utc</c></summary>
    CreationTimeUtc = 9,

    /// <summary><c>iothub-interface-id</c></summary>
    InterfaceId = 10,

    /// <summary><c>iothub-outputname</c></summary>
    OutputName = 11,

    /// <summary><c>dt-subject</c></summary>
    Subject = 12,

    /// <summary><c>iothub-message-schema</c></summary>
    MessageSchema = 13,

    /// <summary><c>iothub-operation</c></summary>
    Operation = 14,

    /// <summary><c>Diagnostic-Id</c></summary>
    DiagnosticId = 15,

    /// <summary><c>Correlation-Context</c></summary>
    DiagnosticContext = 16,

    /// <summary><c>iothub-MessageType</c>, e.g. <c>Will</c></summary>
    MessageType = 17,

    /// <summary><c>iothub-connection-device-id</c></summary>
    ConnectionDeviceId = 64,

    /// <summary><c>iothub-connection-module-id</c></summary>
    ConnectionModuleId = 65,

    /// <summary><c>iothub-connection-auth-method</c></summary>
    ConnectionAuthMethod = 66,

    /// <summary><c>iothub-connection-auth-generation-id</c></summary>
    ConnectionAuthGenerationId = 67,

    /// <summary><c>iothub-message-source</c></summary>
    MessageSource = 68,

    /// <summary><c>dt-dataschema</c> (model id)</summary>
    ModelId = 69,

    /// <summary><c>iothub-enqueuedtime</c> of an event that came here by way of a route, Unix ms as text; otherwise the time of the log.</summary>
    EnqueuedTime = 70,

    /// <summary>Sequence number of a routed event where it came in, as text: what a router that was cut short looks for.</summary>
    RouteSequence = 71,
}
