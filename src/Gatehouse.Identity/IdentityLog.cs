using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity;

/// <summary>Log messages 1100–1199. Refusals are not logged here: doors report them to the refusal log.</summary>
internal static partial class IdentityLog
{
    [LoggerMessage(1100, LogLevel.Error, "The stored key of {Binding} does not open: the key file is not the one that sealed it, or the row was tampered with.", EventName = "KeyDoesNotOpen")]
    internal static partial void KeyDoesNotOpen(ILogger logger, string binding);

    [LoggerMessage(1102, LogLevel.Error, "A token could not be judged: {Problem} Its sender is told to come again.", EventName = "KeysOutOfReach")]
    internal static partial void KeysOutOfReach(ILogger logger, string problem);

    [LoggerMessage(1101, LogLevel.Error, "What '{Name}' of hub {Hub} proved could not be judged again after a change; its links were detached.", EventName = "PeerJudgeAgainFailed")]
    internal static partial void JudgeAgainFailed(ILogger logger, string hub, string? name, Exception error);
}
