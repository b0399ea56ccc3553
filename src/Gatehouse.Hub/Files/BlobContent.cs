namespace Gatehouse.Hub.Files;

/// <summary>A body on its way into a file.</summary>
/// <param name="Body">Read once.</param>
/// <param name="Length">As announced; it must hold.</param>
public sealed record BlobContent(Stream Body, long Length)
{
    /// <summary>Media type of the blob; null: none was said.</summary>
    public string? Type { get; init; }

    /// <summary>MD5 that the body must have; null: not looked at.</summary>
    public byte[]? Md5 { get; init; }
}
