using Microsoft.Extensions.Logging;

namespace Gatehouse.Streams;

/// <summary>Log lines of Streams, events 1300–1399 (NATS from 1350).</summary>
internal static partial class StreamsLog
{
    [LoggerMessage(1300, LogLevel.Information, "Event log of hub {Hub} is open: {Partitions} partitions, {Events} events kept.", EventName = "LogOpened")]
    internal static partial void LogOpened(this ILogger log, string hub, int partitions, long events);

    [LoggerMessage(1301, LogLevel.Error, "The event log cannot store events; appends are refused until it can again. {Records} events of this commit were not acknowledged.", EventName = "CommitFailed")]
    internal static partial void CommitFailed(this ILogger log, int records, Exception error);

    [LoggerMessage(1302, LogLevel.Warning, "The event log still cannot store events: {Reason}", EventName = "RecoveryFailed")]
    internal static partial void RecoveryFailed(this ILogger log, string reason);

    [LoggerMessage(1303, LogLevel.Information, "The event log stores events again.", EventName = "LogRecovered")]
    internal static partial void LogRecovered(this ILogger log);

    [LoggerMessage(1304, LogLevel.Error, "An append observer threw; that is a bug of the observer.", EventName = "ObserverFailed")]
    internal static partial void ObserverFailed(this ILogger log, Exception error);

    [LoggerMessage(1305, LogLevel.Error, "Block at {SequenceNumber} of partition {Partition} of hub {Hub} is damaged ({Reason}); its events are lost and it is passed over.", EventName = "BlockDamaged")]
    internal static partial void BlockDamaged(this ILogger log, string hub, int partition, long sequenceNumber, string reason);

    [LoggerMessage(1306, LogLevel.Error, "The last block of partition {Partition} of hub {Hub}, at {SequenceNumber}, is damaged ({Reason}); it was set aside and the partition goes on before it.", EventName = "TailSetAside")]
    internal static partial void TailSetAside(this ILogger log, string hub, int partition, long sequenceNumber, string reason);

    [LoggerMessage(1307, LogLevel.Debug, "Retention removed events of partition {Partition} of hub {Hub} before {SequenceNumber}.", EventName = "PartitionTrimmed")]
    internal static partial void PartitionTrimmed(this ILogger log, string hub, int partition, long sequenceNumber);

    [LoggerMessage(1308, LogLevel.Warning, "Retention of hub {Hub} failed and is tried again later.", EventName = "UpkeepFailed")]
    internal static partial void UpkeepFailed(this ILogger log, string hub, Exception error);

    [LoggerMessage(1309, LogLevel.Error, "A handler of signal {Subject} threw; that is a bug of the handler.", EventName = "SignalHandlerFailed")]
    internal static partial void SignalHandlerFailed(this ILogger log, string subject, Exception error);
}
