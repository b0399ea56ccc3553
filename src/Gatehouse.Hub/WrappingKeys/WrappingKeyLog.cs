using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.WrappingKeys;

internal static partial class WrappingKeyLog
{
    [LoggerMessage(2290, LogLevel.Information, "The data keys are wrapped by {Key} (id {Id}).", EventName = "WrappingKeyFound")]
    internal static partial void WrappingKeyFound(this ILogger logger, string key, string id);

    [LoggerMessage(2291, LogLevel.Warning, "The data keys are still wrapped by {Key}, which lies in none of the key stores that --key-store names. Move them: gatehouse key move, with a key in {Store}.", EventName = "WrappingKeyElsewhere")]
    internal static partial void WrappingKeyElsewhere(this ILogger logger, string key, string store);

    [LoggerMessage(2292, LogLevel.Information, "The data keys are now wrapped by {Key} (id {Id}).", EventName = "WrappingKeyChanged")]
    internal static partial void WrappingKeyChanged(this ILogger logger, string key, string id);

    [LoggerMessage(2293, LogLevel.Error, "The keys directory cannot be written.", EventName = "KeysNotWritten")]
    internal static partial void KeysNotWritten(this ILogger logger, Exception error);
}
