using System.Net;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Transport.Amqp;

/// <summary>Log lines of the AMQP engine, events 1050–1069.</summary>
internal static partial class AmqpLog
{
    [LoggerMessage(1050, LogLevel.Debug, "AMQP connection of {Remote} opened: container {Container}, host {Host}.", EventName = "AmqpOpened")]
    internal static partial void Opened(this ILogger logger, EndPoint? remote, string container, string host);

    [LoggerMessage(1051, LogLevel.Debug, "AMQP connection of {Remote} ended: {Reason}.", EventName = "AmqpEnded")]
    internal static partial void Ended(this ILogger logger, EndPoint? remote, string reason);

    [LoggerMessage(1052, LogLevel.Debug, "AMQP connection of {Remote} was closed: {Condition}: {Description}", EventName = "AmqpConnectionFault")]
    internal static partial void ConnectionFault(this ILogger logger, EndPoint? remote, string condition, string? description);

    [LoggerMessage(1053, LogLevel.Debug, "A session of the AMQP connection of {Remote} was ended: {Condition}: {Description}", EventName = "AmqpSessionFault")]
    internal static partial void SessionFault(this ILogger logger, EndPoint? remote, string condition, string? description);

    [LoggerMessage(1054, LogLevel.Debug, "Link {Link} of the AMQP connection of {Remote} was detached: {Condition}: {Description}", EventName = "AmqpLinkFault")]
    internal static partial void LinkFault(this ILogger logger, EndPoint? remote, string link, string condition, string? description);

    [LoggerMessage(1055, LogLevel.Error, "A handler of link {Link} of {Remote} failed; the link was detached.", EventName = "AmqpHandlerFailed")]
    internal static partial void HandlerFailed(this ILogger logger, Exception error, EndPoint? remote, string link);

    [LoggerMessage(1056, LogLevel.Error, "No decision about link {Link} of {Remote} could be made; it was refused.", EventName = "AmqpAttachFailed")]
    internal static partial void AttachFailed(this ILogger logger, Exception error, EndPoint? remote, string link);
}
