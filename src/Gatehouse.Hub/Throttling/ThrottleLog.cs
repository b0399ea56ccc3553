using Gatehouse.Contracts.Access;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Throttling;

internal static partial class ThrottleLog
{
    [LoggerMessage(2080, LogLevel.Warning, "Hub {Hub} has reached its limit of {Class}: {Held} operations were held back and {Refused} refused since the last such line.", EventName = "LimitReached")]
    internal static partial void LimitReached(this ILogger logger, string hub, ThrottleClass @class, long held, long refused);
}
