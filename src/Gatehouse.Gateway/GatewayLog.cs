using Gatehouse.Gateway.Amqp;
using Gatehouse.Gateway.Faults;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Gateway;

/// <summary>Log lines of the device plane, events 3000–3099.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(3000, LogLevel.Debug, "{Identity} of hub {Hub} connected over {Protocol} from {Remote} ({ClientType}).", EventName = "SessionOpened")]
    internal static partial void SessionOpened(this ILogger logger, string hub, string identity, string protocol, string remote, string? clientType);

    [LoggerMessage(3001, LogLevel.Debug, "Session of {Identity} of hub {Hub} ended: {Reason}.", EventName = "SessionEnded")]
    internal static partial void SessionEnded(this ILogger logger, string hub, string identity, string reason);

    [LoggerMessage(3002, LogLevel.Warning, "Session of {Identity} of hub {Hub} was closed: {Reason}.", EventName = "SessionClosed")]
    internal static partial void SessionClosed(this ILogger logger, string hub, string identity, string reason);

    [LoggerMessage(3003, LogLevel.Error, "A CONNECT could not be judged; the client was told that the server is unavailable.", EventName = "ConnectFailed")]
    internal static partial void ConnectFailed(this ILogger logger, Exception error);

    [LoggerMessage(3004, LogLevel.Error, "The session of {Identity} of hub {Hub} could not be judged again after a change; it was closed.", EventName = "JudgeAgainFailed")]
    internal static partial void JudgeAgainFailed(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3005, LogLevel.Warning, "The will of {Identity} of hub {Hub} could not be stored.", EventName = "WillLost")]
    internal static partial void WillLost(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3006, LogLevel.Debug, "{Purpose} link of {Identity} of hub {Hub} opened over {Protocol} from {Remote}.", EventName = "LinkOpened")]
    internal static partial void LinkOpened(this ILogger logger, LinkPurpose purpose, string hub, string identity, string protocol, string remote);

    [LoggerMessage(3007, LogLevel.Debug, "{Purpose} link of {Identity} of hub {Hub} closed.", EventName = "LinkClosed")]
    internal static partial void LinkClosed(this ILogger logger, LinkPurpose purpose, string hub, string identity);

    [LoggerMessage(3020, LogLevel.Error, "A twin request of {Identity} of hub {Hub} failed.", EventName = "TwinRequestFailed")]
    internal static partial void TwinRequestFailed(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3021, LogLevel.Error, "Messages to {Identity} of hub {Hub} could not be taken or settled.", EventName = "DeviceMessagesFailed")]
    internal static partial void DeviceMessagesFailed(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3022, LogLevel.Warning, "A message to {Identity} of hub {Hub} was rejected: its properties make a topic of {Bytes} bytes, more than MQTT can carry.", EventName = "DeviceMessageTooLarge")]
    internal static partial void DeviceMessageTooLarge(this ILogger logger, string hub, string identity, int bytes);

    [LoggerMessage(3010, LogLevel.Error, "Messages to {Identity} of hub {Hub} could not be read or settled; its link was detached.", EventName = "DeviceBoundFailed")]
    internal static partial void DeviceBoundFailed(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3008, LogLevel.Warning, "Telemetry link of {Identity} of hub {Hub} was detached: its messages could not be stored.", EventName = "LinkCannotStore")]
    internal static partial void LinkCannotStore(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3060, LogLevel.Warning, "Fault injection is on: every device can have its connections cut and its messages refused by a property of a message. Not for hubs in use.", EventName = "FaultInjectionOn")]
    internal static partial void FaultInjectionOn(this ILogger logger);

    [LoggerMessage(3061, LogLevel.Information, "{Identity} of hub {Hub} ordered a fault: {Type} in {Seconds} s.", EventName = "FaultOrdered")]
    internal static partial void FaultOrdered(this ILogger logger, string hub, string identity, FaultType type, double seconds);

    [LoggerMessage(3023, LogLevel.Error, "A certificate for {Identity} of hub {Hub} could not be renewed.", EventName = "CertificateRequestFailed")]
    internal static partial void CertificateRequestFailed(this ILogger logger, string hub, string identity, Exception error);

    [LoggerMessage(3040, LogLevel.Error, "{Operation} of a device over HTTPS failed, tracking id {TrackingId}", EventName = "DeviceRequestFailed")]
    internal static partial void DeviceRequestFailed(this ILogger logger, string operation, string trackingId, Exception error);
}
