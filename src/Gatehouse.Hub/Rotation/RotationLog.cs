using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Rotation;

internal static partial class RotationLog
{
    [LoggerMessage(2070, LogLevel.Information, "Rotation plan {Plan} of hub {Hub} ({Kind}) for {Subject} has ended: it is {State}.", EventName = "RotationEnded")]
    internal static partial void RotationEnded(this ILogger logger, string plan, string hub, string kind, string subject, string state);

    [LoggerMessage(2071, LogLevel.Warning, "Rotation plans could not be looked at; they stay where they are, and it is tried again within seconds.", EventName = "RotationInterrupted")]
    internal static partial void RotationInterrupted(this ILogger logger, Exception error);
}
