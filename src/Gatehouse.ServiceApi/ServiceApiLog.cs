using Microsoft.Extensions.Logging;

namespace Gatehouse.ServiceApi;

internal static partial class ServiceApiLog
{
    [LoggerMessage(3500, LogLevel.Error, "{Operation} failed, tracking id {TrackingId}", EventName = "OperationFailed")]
    internal static partial void Failed(this ILogger logger, Exception error, string operation, string trackingId);

    [LoggerMessage(3501, LogLevel.Debug, "Answered {Error}, tracking id {TrackingId}", EventName = "OperationRefused")]
    internal static partial void Refused(this ILogger logger, string error, string trackingId);

    [LoggerMessage(3503, LogLevel.Error, "Reading partition {Partition} for an AMQP receiver failed", EventName = "PartitionReadFailed")]
    internal static partial void ReadFailed(this ILogger logger, Exception error, int partition);

    [LoggerMessage(3504, LogLevel.Error, "A message to a device of hub {Hub} could not be stored; its sender was told", EventName = "MessageNotStored")]
    internal static partial void MessageNotStored(this ILogger logger, Exception error, string hub);

    [LoggerMessage(3505, LogLevel.Error, "A receiver of {Kind} of hub {Hub} could not be served and was detached", EventName = "NotificationsFailed")]
    internal static partial void NotificationsFailed(this ILogger logger, Exception error, string kind, string hub);

    [LoggerMessage(3502, LogLevel.Debug, "The caller of {Operation} left before the answer", EventName = "CallerLeft")]
    internal static partial void CallerLeft(this ILogger logger, string operation);
}
