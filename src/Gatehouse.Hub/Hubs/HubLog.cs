using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Hubs;

internal static partial class HubLog
{
    [LoggerMessage(2020, LogLevel.Information, "What hub {Hub} asks of proofs and keys has changed, and is in force here: tokens for {MaxTokenSeconds} s at most (0: for any time), devices by {DeviceAuthentication}, with tokens of {DeviceTokens} keys, which are {DeviceKeys}. Who is connected by a token is judged again.", EventName = "StrictnessInForce")]
    internal static partial void StrictnessInForce(this ILogger logger, string hub, long maxTokenSeconds, string deviceAuthentication, string deviceTokens, string deviceKeys);

    [LoggerMessage(2021, LogLevel.Error, "The hubs could not be read; what was known before stays in force. The next attempt comes within seconds.", EventName = "HubsNotRead")]
    internal static partial void HubsNotRead(this ILogger logger, Exception error);
}
