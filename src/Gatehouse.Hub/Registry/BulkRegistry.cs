using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>Bulk calls: all items in one transaction; an item that cannot be done is reported and the others stand.</summary>
public sealed class BulkRegistry
{
    private readonly RegistryTransactions transactions;
    private readonly DeviceWriter devices;
    private readonly ModuleWriter modules;
    private readonly BulkTwins twins;
    private readonly RegistryOptions options;

    internal BulkRegistry(RegistryTransactions transactions, DeviceWriter devices, ModuleWriter modules, BulkTwins twins, RegistryOptions options)
    {
        this.transactions = transactions;
        this.devices = devices;
        this.modules = modules;
        this.twins = twins;
        this.options = options;
    }

    /// <summary>Errors by item, in order; empty when all was done. ArgumentInvalid, TooManyDevices and DeviceDefinedMultipleTimes refuse the whole call.</summary>
    public async Task<Result<IReadOnlyList<BulkItemError>>> RunAsync(HubName hub, string actor, IReadOnlyList<BulkItem> items, CancellationToken cancellationToken)
    {
        if (CheckCall(items) is { } refused)
        {
            return refused;
        }

        return await RunAsync(hub, actor, items, (_, _, _) => Task.FromResult<HubError?>(null), cancellationToken);
    }

    /// <summary>The same with more work in the transaction, which may still refuse it all. The items are at most as many as a call may have, and no identity is among them twice.</summary>
    internal Task<Result<IReadOnlyList<BulkItemError>>> RunAsync(
        HubName hub, string actor, IReadOnlyList<BulkItem> items, Func<RegistryChange, IReadOnlyList<BulkItemError>, CancellationToken, Task<HubError?>> also, CancellationToken cancellationToken) =>
        transactions.RunAsync<IReadOnlyList<BulkItemError>>(
            hub,
            actor,
            async (change, token) =>
            {
                await twins.LockAsync(change, [.. items.Select(item => item.Input.Key.Device.Value)], token);
                var errors = new List<BulkItemError>();
                foreach (var item in items)
                {
                    if (await RunAsync(change, item, token) is { } error)
                    {
                        errors.Add(error);
                    }
                }

                return await also(change, errors, token) is { } refused ? refused : errors;
            },
            cancellationToken);

    private HubError? CheckCall(IReadOnlyList<BulkItem> items)
    {
        if (items.Count == 0)
        {
            return HubErrors.ArgumentInvalid.With("The list is empty.");
        }

        if (items.Count > options.MaxBulkItems)
        {
            return HubErrors.TooManyDevices.With($"At most {options.MaxBulkItems} identities are allowed in one call.");
        }

        var seen = new HashSet<IdentityKey>();
        return items.All(item => seen.Add(item.Input.Key)) ? null : HubErrors.DeviceDefinedMultipleTimes;
    }

    private async Task<BulkItemError?> RunAsync(RegistryChange change, BulkItem item, CancellationToken cancellationToken)
    {
        var twin = twins.Read(item);
        if (!twin.IsOk)
        {
            return Error(item, twin.Error);
        }

        var isTwinAlone = item.Mode is ImportMode.UpdateTwin or ImportMode.UpdateTwinIfMatchETag;
        if (!isTwinAlone && await RunIdentityAsync(change, item, cancellationToken) is { IsOk: false } identity)
        {
            return Error(item, identity.Error);
        }

        var written = twin.Value is { } write ? await twins.WriteAsync(change, item.Input.Key, write, cancellationToken) : default;
        return written.IsOk ? null : Error(item, written.Error) with { IsWarning = !isTwinAlone };
    }

    private static BulkItemError Error(BulkItem item, HubError error) => new(item.Input.Key.Device.Value, item.Input.Key.Module?.Value, error);

    private Task<Result<IdentityRow>> RunIdentityAsync(RegistryChange change, BulkItem item, CancellationToken cancellationToken)
    {
        var condition = ConditionOf(item);
        if (!condition.IsOk)
        {
            return Task.FromResult<Result<IdentityRow>>(condition.Error);
        }

        var key = item.Input.Key;
        return (item.Mode is ImportMode.Delete or ImportMode.DeleteIfMatchETag, key.IsModule) switch
        {
            (true, true) => ModuleWriter.DeleteAsync(change, key, condition.Value, cancellationToken),
            (true, false) => DeviceWriter.DeleteAsync(change, key.Device, condition.Value, cancellationToken),
            (false, true) => modules.PutAsync(change, item.Input, condition.Value, cancellationToken),
            (false, false) => devices.PutAsync(change, item.Input, condition.Value, cancellationToken),
        };
    }

    private static Result<WriteCondition> ConditionOf(BulkItem item)
    {
        switch (item.Mode)
        {
            case ImportMode.CreateOrUpdate:
                return WriteCondition.CreateOrUpdate;
            case ImportMode.Create:
                return WriteCondition.Create;
            case ImportMode.Update or ImportMode.Delete:
                return WriteCondition.Update;
        }

        var etag = IfMatch.Parse(item.ETag);
        if (!etag.IsOk)
        {
            return etag.Error;
        }

        var basis = item.Mode == ImportMode.CreateOrUpdateIfMatchETag ? WriteCondition.CreateOrUpdate : WriteCondition.Update;
        return etag.Value.Kind switch
        {
            IfMatchKind.Absent => HubErrors.ArgumentNull.With("The eTag is missing."),
            IfMatchKind.Any => basis,
            _ => basis with { ETag = etag.Value.ETag },
        };
    }
}
