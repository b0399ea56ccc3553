using Gatehouse.Streams.Log;

namespace Gatehouse.Streams;

/// <summary>The embedded streams: RocksDB for the event log, signals in process.</summary>
public sealed record StreamsOptions
{
    /// <summary>Folder of the log's database; made when missing. The server gives <c>{data}/streams</c>.</summary>
    public required string Directory { get; init; }

    /// <summary>Limits and retention.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>Memory for records that are in the write-ahead log but not yet in a table file, bytes, over all partitions. 2 MiB – 1 GiB, default 16 MiB.</summary>
    public long WriteBufferBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Memory for blocks read lately, bytes. Default 8 MiB.</summary>
    public long BlockCacheBytes { get; init; } = 8 * 1024 * 1024;
}
