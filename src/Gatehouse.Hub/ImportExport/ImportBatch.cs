using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Lines that are imported in one transaction.</summary>
internal sealed class ImportBatch(long line, long bytes)
{
    private readonly List<BulkItem> items = [];
    private readonly Dictionary<IdentityKey, long> lineOf = [];
    private readonly List<LineError> unread = [];

    /// <summary>Bytes of the blob before the first line.</summary>
    internal long From { get; } = bytes;

    internal IReadOnlyList<BulkItem> Items => items;

    internal int Lines { get; private set; }

    /// <summary>The last line's number, from 1.</summary>
    internal long Line { get; private set; } = line;

    /// <summary>Of the blob, with the last line.</summary>
    internal long Bytes { get; private set; } = bytes;

    internal bool Has(IdentityKey key) => lineOf.ContainsKey(key);

    /// <param name="text">The line.</param>
    /// <param name="item">Null for an empty one.</param>
    internal void Add(BlobLine text, Result<BulkItem>? item)
    {
        Lines++;
        Line++;
        Bytes += text.Bytes;
        if (item is { IsOk: true } read)
        {
            items.Add(read.Value);
            lineOf[read.Value.Input.Key] = Line;
        }
        else if (item is { } refused)
        {
            unread.Add(new LineError { Line = Line, Json = ImportedLine.Describe(null, null, refused.Error!.Name, $"Line {Line}: {refused.Error.Message}") });
        }
    }

    /// <summary>All lines that were not done, in order.</summary>
    internal IReadOnlyList<LineError> Describe(IReadOnlyList<BulkItemError> errors) =>
    [
        .. unread.Concat(errors.Select(error => new LineError
        {
            Line = lineOf[HubKey(error)],
            Json = ImportedLine.Describe(error.DeviceId, error.ModuleId, error.IsWarning ? "DeviceRegisteredWithoutTwin" : error.Error.Name, error.Error.Message),
        })).OrderBy(error => error.Line),
    ];

    private static IdentityKey HubKey(BulkItemError error) => new(DeviceId.Parse(error.DeviceId), error.ModuleId is null ? null : ModuleId.Parse(error.ModuleId));
}
