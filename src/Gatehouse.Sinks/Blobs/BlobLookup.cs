namespace Gatehouse.Sinks.Blobs;

/// <summary>What a storage account says of a blob.</summary>
/// <param name="Problem">Why nothing is known of it, for the operator: one sentence without secrets. Null when something is.</param>
/// <param name="Size">Bytes; null when there is no such blob.</param>
/// <param name="Changed">When it was written last, by the account's clock, in whole seconds.</param>
public readonly record struct BlobLookup(string? Problem, long? Size, DateTimeOffset Changed)
{
    internal static BlobLookup Failed(string problem) => new(problem, null, default);
}
