namespace Gatehouse.Streams.Log;

/// <summary>Limits and retention of the event log; the same for every backend.</summary>
public sealed record LogOptions
{
    /// <summary>How long events are kept. 1 hour – 30 days, default 1 day. Source: IoT Hub "Built-in endpoint" page (1–7 days, default 1); the longer end is ours.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Bytes kept per partition, headers of blocks included; older events go first, whatever their age. At least 1 MiB; null (default): no limit.</summary>
    public long? RetentionBytes { get; init; }

    /// <summary>Bytes of records that may wait for a commit, over all hubs of the server; at the limit appends are refused until there is room. Default 16 MiB; at least twice <see cref="MaxRecordBytes"/>.</summary>
    public int MaxPendingBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Largest record, bytes. Default 512 KiB: the service's 256 KiB message and as much again for properties and stamps. Must stay below the broker's message size (NATS: 1 MiB).</summary>
    public int MaxRecordBytes { get; init; } = 512 * 1024;

    /// <summary>Size at which a block is closed and the commit goes on with another, bytes. Default 256 KiB: large enough that its cost per record vanishes, small enough to read one for one event.</summary>
    public int BlockBytes { get; init; } = 256 * 1024;

    /// <summary>Bytes that one read returns at most (one event always fits). Default 4 MiB.</summary>
    public int MaxReadBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of the newest blocks that each partition keeps in memory while a reader follows it. 0–16 MiB, default 512 KiB: some milliseconds at full load, so that a reader that was just woken finds its block.</summary>
    public int NewestBytes { get; init; } = 512 * 1024;

    /// <summary>Pause after a commit of at least <see cref="BusyRecords"/> records, so that the next gathers more of them for the same sync. 0–20 ms, default 1 ms. An idle log commits at once.</summary>
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Records per commit from which the log counts as busy. Default 16.</summary>
    public int BusyRecords { get; init; } = 16;

    /// <summary>Longest wait for room while nothing can be stored (disk full, broker away); then the wait fails. Default 30 s.</summary>
    public TimeSpan RoomTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between attempts to store again after a failed commit. Default 1 s.</summary>
    public TimeSpan RecoveryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause between two rounds of retention. Default 30 s.</summary>
    public TimeSpan UpkeepInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Throws when a value is outside its range; the message names the option, the value and what is allowed.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public void Validate()
    {
        Require(Retention >= TimeSpan.FromHours(1) && Retention <= TimeSpan.FromDays(30), nameof(Retention), Retention, "1 hour to 30 days");
        Require(RetentionBytes is null or >= 1 << 20, nameof(RetentionBytes), RetentionBytes, "at least 1048576 bytes");
        Require(MaxRecordBytes is >= 1024 and <= 16 * 1024 * 1024, nameof(MaxRecordBytes), MaxRecordBytes, "1024 to 16777216 bytes");
        Require(MaxPendingBytes / 2 >= MaxRecordBytes, nameof(MaxPendingBytes), MaxPendingBytes, "at least twice MaxRecordBytes");
        Require(BlockBytes is >= 4096 and <= 16 * 1024 * 1024, nameof(BlockBytes), BlockBytes, "4096 to 16777216 bytes");
        Require(MaxReadBytes >= 4096, nameof(MaxReadBytes), MaxReadBytes, "at least 4096 bytes");
        Require(NewestBytes is >= 0 and <= 16 * 1024 * 1024, nameof(NewestBytes), NewestBytes, "0 to 16777216 bytes");
        Require(GatherTime >= TimeSpan.Zero && GatherTime <= TimeSpan.FromMilliseconds(20), nameof(GatherTime), GatherTime, "0 to 20 ms");
        Require(BusyRecords >= 2, nameof(BusyRecords), BusyRecords, "at least 2");
        Require(RoomTimeout > TimeSpan.Zero, nameof(RoomTimeout), RoomTimeout, "more than zero");
        Require(RecoveryInterval > TimeSpan.Zero, nameof(RecoveryInterval), RecoveryInterval, "more than zero");
        Require(UpkeepInterval > TimeSpan.Zero, nameof(UpkeepInterval), UpkeepInterval, "more than zero");
    }

    private static void Require(bool holds, string name, object? value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}; allowed: {allowed}.");
        }
    }
}
