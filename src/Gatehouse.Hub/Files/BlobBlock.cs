namespace Gatehouse.Hub.Files;

/// <summary>A part of a file that was sent and is in no file yet.</summary>
public sealed record BlobBlock
{
    /// <summary>As the client gave it: base64.</summary>
    public string BlockId { get; init; } = "";

    public string FileName { get; init; } = "";

    public long Size { get; init; }
}
