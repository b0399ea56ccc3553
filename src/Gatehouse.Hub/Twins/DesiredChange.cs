namespace Gatehouse.Hub.Twins;

/// <summary>What a device is told of a change of its desired properties.</summary>
/// <param name="Version">The new <c>$version</c>.</param>
/// <param name="Json">UTF-8: the patch with its nulls, or after a replacement the whole section; with <c>$version</c>. Never empty.</param>
public readonly record struct DesiredChange(long Version, ReadOnlyMemory<byte> Json);
