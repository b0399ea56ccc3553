namespace Gatehouse.Hub.Twins;

/// <summary>Limits of twins.</summary>
/// <remarks>Source: IoT Hub "Understand and use device twins" page, unless said otherwise. A size counts the UTF-8 bytes of keys and strings without control characters, 8 for a number, 4 for a boolean; metadata is not counted.</remarks>
public sealed record TwinOptions
{
    /// <summary>Size of all tags of one twin. Bytes; default 8,192. More: MessageTooLarge (413001).</summary>
    public int MaxTagsBytes { get; init; } = 8_192;

    /// <summary>Size of all desired properties of one twin. Bytes; default 32,768. More: MessageTooLarge (413001).</summary>
    public int MaxDesiredBytes { get; init; } = 32_768;

    /// <summary>Size of all reported properties of one twin. Bytes; default 32,768. More: MessageTooLarge (413001).</summary>
    public int MaxReportedBytes { get; init; } = 32_768;

    /// <summary>Objects and arrays within one another, the section itself not counted. Default 10. More: ArgumentInvalid (400004).</summary>
    public int MaxDepth { get; init; } = 10;

    /// <summary>Length of a key. UTF-8 bytes; default 1,024. More: ArgumentInvalid (400004).</summary>
    public int MaxKeyBytes { get; init; } = 1_024;

    /// <summary>Length of a string. UTF-8 bytes; default 4,096. More: ArgumentInvalid (400004).</summary>
    public int MaxStringBytes { get; init; } = 4_096;

    /// <summary>JSON text of one reported patch, before it is read. Bytes; default 262,144. More: MessageTooLarge (413001). Ours.</summary>
    public int MaxPatchBytes { get; init; } = 262_144;

    /// <summary>Reported patches that wait for the store, all devices together. Bytes of their JSON text; default 16,777,216. More: ThrottlingException (429001). Ours.</summary>
    public long MaxPendingBytes { get; init; } = 16_777_216;

    /// <summary>Reported patches of one device or module that wait for the store. Default 64. More: DeviceThrottlingLimitExceeded (429005). Ours.</summary>
    public int MaxPendingPerTwin { get; init; } = 64;
}
