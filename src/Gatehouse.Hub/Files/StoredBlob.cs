namespace Gatehouse.Hub.Files;

/// <summary>A file that is whole.</summary>
public sealed record StoredBlob
{
    public string FileName { get; init; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    public string ContentType { get; init; } = "";

    /// <summary>Ticks, UTC.</summary>
    public long Changed { get; init; }

    public DateTimeOffset ChangedTime => new(Changed, TimeSpan.Zero);

    /// <summary>With quotes; new with each writing.</summary>
    public string ETag => $"\"0x{FileName[..16].ToUpperInvariant()}\"";
}
