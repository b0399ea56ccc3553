using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.ImportExport;

/// <summary>Lines that are identities, each at most once in a transaction.</summary>
internal sealed class IdentityBatch(HubName hub, string actor, ImportPlace from, BulkRegistry bulk) : ImportBatch(from)
{
    private readonly List<BulkItem> items = [];
    private readonly Dictionary<IdentityKey, long> lineOf = [];

    internal override async Task<HubError?> RunAsync(Func<WriteTransaction, IReadOnlyList<LineError>, CancellationToken, Task<HubError?>> also, CancellationToken cancellationToken)
    {
        var done = await bulk.RunAsync(hub, actor, items, (change, errors, token) => also(change.Transaction, With(errors.Select(Describe)), token), cancellationToken);
        return done.Error;
    }

    protected override bool TryAdd(ReadOnlySpan<byte> text, long line, out HubError? fault)
    {
        var item = ImportedLine.Read(text);
        fault = item.Error;
        if (!item.IsOk)
        {
            return true;
        }

        if (!lineOf.TryAdd(item.Value.Input.Key, line))
        {
            return false;
        }

        items.Add(item.Value);
        return true;
    }

    protected override LineError Refuse(long line, HubError error) => LineError.Of(line, error, ("deviceId", null));

    private LineError Describe(BulkItemError error)
    {
        var line = lineOf[new IdentityKey(DeviceId.Parse(error.DeviceId), error.ModuleId is null ? null : ModuleId.Parse(error.ModuleId))];
        var said = error.IsWarning ? error.Error with { Name = "DeviceRegisteredWithoutTwin" } : error.Error;
        return error.ModuleId is null ? LineError.Of(line, said, ("deviceId", error.DeviceId)) : LineError.Of(line, said, ("deviceId", error.DeviceId), ("moduleId", error.ModuleId));
    }
}
