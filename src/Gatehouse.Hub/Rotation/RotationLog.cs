using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Rotation;

internal static partial class RotationLog
{
    [LoggerMessage(2070, LogLevel.Information, "Rotation plan {Plan} of hub {Hub} ({Kind}) for {Subject} has ended: it is {State}.", EventName = "RotationEnded")]
    internal static partial void RotationEnded(this ILogger logger, string plan, string hub, string kind, string subject, string state);

    [LoggerMessage(2071, LogLevel.Warning, "Rotation plans could not be looked at; they stay where they are, and it is tried again within seconds.", EventName = "RotationInterrupted")]
    internal static partial void RotationInterrupted(this ILogger logger, Exception error);

    [LoggerMessage(2072, LogLevel.Information, "Rotation plan {Plan} of hub {Hub} ({Kind}) for {Subject} has begun by itself.", EventName = "RotationBegun")]
    internal static partial void RotationBegun(this ILogger logger, string plan, string hub, string kind, string subject);

    [LoggerMessage(2073, LogLevel.Warning, "{Count} pairs of keys ({Kind}) of hub {Hub} are older than their rule allows and should have been rotated by now; 'gatehouse rotation due' says which and why.", EventName = "RotationOverdue")]
    internal static partial void RotationOverdue(this ILogger logger, long count, string kind, string hub);

    [LoggerMessage(2074, LogLevel.Warning, "The clock has jumped by {Seconds} s. Plans and rules that go by the time of day begin nothing until it has gone steadily for ten minutes.", EventName = "ClockJumped")]
    internal static partial void ClockJumped(this ILogger logger, double seconds);
}
