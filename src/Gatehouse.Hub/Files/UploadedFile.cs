namespace Gatehouse.Hub.Files;

/// <summary>A file of the embedded endpoint, as lists show it.</summary>
public sealed record UploadedFile
{
    /// <summary>The device's id, a slash, and the name that the device gave.</summary>
    public string Name { get; init; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    public string ContentType { get; init; } = "";

    /// <summary>Ticks, UTC.</summary>
    public long Changed { get; init; }
}
