namespace Gatehouse.Store.Sqlite;

/// <summary>The embedded database.</summary>
public sealed record SqliteOptions
{
    /// <summary>Path of the database file; made with mode 0600 when missing. The server gives {data}/store.db.</summary>
    public required string Path { get; init; }

    /// <summary>How long a statement waits for a lock that another process holds. 1–60 s, default 10 s.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
