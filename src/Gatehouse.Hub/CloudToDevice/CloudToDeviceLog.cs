using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Log lines of messages to devices, events 2140–2159.</summary>
internal static partial class CloudToDeviceLog
{
    [LoggerMessage(2140, LogLevel.Warning, "Expired messages, feedback or notifications could not be tended and are looked at again: {Step}.", EventName = "QueueUpkeepFailed")]
    internal static partial void QueueUpkeepFailed(this ILogger logger, string step, Exception error);
}
