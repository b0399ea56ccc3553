namespace Gatehouse.Hub.Files;

/// <summary>Limits of files that devices upload.</summary>
/// <remarks>Source, unless said otherwise: IoT Hub "Upload files with IoT Hub" page.</remarks>
public sealed record FileOptions
{
    /// <summary>Where the bytes lie. Null, the default of this record: the hub takes no files (DefaultStorageEndpointNotConfigured); the server sets {data}/files.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether all nodes have the same folder. Default false: where signals reach other nodes, the embedded endpoint then takes no files, because each node would have a part of them.</summary>
    public bool IsShared { get; init; }

    /// <summary>How long files of the embedded endpoint are kept after they were written last. 1 h–10 years; null, the default: until somebody deletes them. Source: ours.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>How long a device may write to the place it was given. 1 min–24 h, default 1 h; of a hub that has none of its own. Wire name of the service's property: <c>sasTtlAsIso8601</c>.</summary>
    public TimeSpan TokenLife { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long after that a device may still say what became of its upload. Default 1 h. Later: ExpiredFileUploadCorrelationId (400016). Unconfirmed: the service's window is not documented.</summary>
    public TimeSpan NotificationWindow { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Uploads of one device that were begun and not notified. 1–100, default 10. More: DeviceMaximumActiveFileUploadLimitExceeded (403006).</summary>
    public int MaxActiveUploads { get; init; } = 10;

    /// <summary>Largest file. Bytes; 1–190 TiB, default 1 GiB. Larger: 413. Source: ours.</summary>
    public long MaxFileBytes { get; init; } = 1L << 30;

    /// <summary>Blocks of one file. 1–50,000, default 50,000. Source: Azure Storage "Put Block" page.</summary>
    public int MaxBlocks { get; init; } = 50_000;

    /// <summary>Bytes of all files of a hub, with blocks that are in no file yet and those on their way. Default 100 GiB. More: 507. Source: ours.</summary>
    public long MaxTotalBytes { get; init; } = 100L << 30;

    /// <summary>Whether back ends are told of each file that a device finished, where the hub says nothing of its own. Default true; the service's default is false.</summary>
    public bool Notifications { get; init; } = true;
}
