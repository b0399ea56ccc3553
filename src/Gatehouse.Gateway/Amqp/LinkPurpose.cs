namespace Gatehouse.Gateway.Amqp;

/// <summary>What a link of a device or module is for. Of each but telemetry it has one at a time, on whatever connection.</summary>
internal enum LinkPurpose
{
    /// <summary>Telemetry, from the device.</summary>
    Telemetry,

    /// <summary>Messages, to the device.</summary>
    DeviceBound,

    /// <summary>Requests of direct methods, to the device.</summary>
    MethodRequests,

    /// <summary>Answers to them, from the device.</summary>
    MethodAnswers,

    /// <summary>Requests about its twin, from the device.</summary>
    TwinRequests,

    /// <summary>Answers to them and desired changes, to the device.</summary>
    TwinAnswers,
}
