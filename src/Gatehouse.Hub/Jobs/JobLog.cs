using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Jobs;

internal static partial class JobLog
{
    [LoggerMessage(2180, LogLevel.Error, "An observer of jobs threw; that is a bug of the observer.", EventName = "JobObserverFailed")]
    internal static partial void JobObserverFailed(this ILogger logger, Exception error);

    [LoggerMessage(2181, LogLevel.Warning, "Job {Job} of hub {Hub} was interrupted and goes on in a moment where it was.", EventName = "JobInterrupted")]
    internal static partial void JobInterrupted(this ILogger logger, string hub, string job, Exception error);

    [LoggerMessage(2182, LogLevel.Information, "Job {Job} of hub {Hub} has ended: {Succeeded} devices done, {Failed} failed.", EventName = "JobEnded")]
    internal static partial void JobEnded(this ILogger logger, string hub, string job, long succeeded, long failed);

    [LoggerMessage(2183, LogLevel.Warning, "The jobs of hub {Hub} could not be looked after; it is tried again.", EventName = "JobsNotRead")]
    internal static partial void JobsNotRead(this ILogger logger, string hub, Exception error);

    [LoggerMessage(2184, LogLevel.Warning, "Old jobs could not be removed; it is tried again.", EventName = "JobsNotRemoved")]
    internal static partial void JobsNotRemoved(this ILogger logger, Exception error);
}
