namespace Gatehouse.Hub.Files;

/// <summary>A file at its place.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Changed">When it was written last.</param>
internal sealed record WrittenFile(long Size, DateTimeOffset Changed);
