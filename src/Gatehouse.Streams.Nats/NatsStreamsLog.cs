using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams.Nats;

/// <summary>Log lines of Streams on NATS, events 1350–1399.</summary>
internal static partial class NatsStreamsLog
{
    [LoggerMessage(1350, LogLevel.Warning, "The connection to NATS at {Address} is lost; it is being made again.", EventName = "NatsLost")]
    internal static partial void NatsLost(this ILogger log, string address);

    [LoggerMessage(1351, LogLevel.Information, "The connection to NATS at {Address} is back.", EventName = "NatsReconnected")]
    internal static partial void NatsReconnected(this ILogger log, string address);

    [LoggerMessage(1352, LogLevel.Warning, "A signal on {Subject} could not be sent to other nodes: too many are waiting for the connection.", EventName = "SignalDropped")]
    internal static partial void SignalDropped(this ILogger log, string subject);

    [LoggerMessage(1353, LogLevel.Error, "Block at {SequenceNumber} of {Subject} is damaged ({Reason}); its events are lost and it is passed over.", EventName = "NatsBlockDamaged")]
    internal static partial void NatsBlockDamaged(this ILogger log, string subject, ulong sequenceNumber, string reason);

    [LoggerMessage(1354, LogLevel.Warning, "Listening on {Subject} was interrupted and begins again: {Reason}", EventName = "NatsListenFailed")]
    internal static partial void NatsListenFailed(this ILogger log, string subject, string reason);

    [LoggerMessage(1355, LogLevel.Debug, "A commit to {Subject} is tried again: {Reason}", EventName = "NatsCommitRetried")]
    internal static partial void NatsCommitRetried(this ILogger log, string subject, string reason);
}
