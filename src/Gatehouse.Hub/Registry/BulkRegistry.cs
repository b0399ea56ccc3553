using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Registry;

/// <summary>Bulk calls: all items in one transaction; an item that cannot be done is reported and the others stand.</summary>
public sealed class BulkRegistry
{
    private readonly RegistryTransactions transactions;
    private readonly DeviceWriter devices;
    private readonly ModuleWriter modules;
    private readonly RegistryOptions options;

    internal BulkRegistry(RegistryTransactions transactions, DeviceWriter devices, ModuleWriter modules, RegistryOptions options)
    {
        this.transactions = transactions;
        this.devices = devices;
        this.modules = modules;
        this.options = options;
    }

    /// <summary>Errors by item, in order; empty when all was done. ArgumentInvalid, TooManyDevices and DeviceDefinedMultipleTimes refuse the whole call.</summary>
    public async Task<Result<IReadOnlyList<BulkItemError>>> RunAsync(HubName hub, string actor, IReadOnlyList<BulkItem> items, CancellationToken cancellationToken)
    {
        if (CheckCall(items) is { } refused)
        {
            return refused;
        }

        return await transactions.RunAsync<IReadOnlyList<BulkItemError>>(
            hub,
            actor,
            async (change, token) =>
            {
                var errors = new List<BulkItemError>();
                foreach (var item in items)
                {
                    var done = await RunAsync(change, item, token);
                    if (!done.IsOk)
                    {
                        errors.Add(new BulkItemError(item.Input.Key.Device.Value, item.Input.Key.Module?.Value, done.Error));
                    }
                }

                return errors;
            },
            cancellationToken);
    }

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

    private Task<Result<IdentityRow>> RunAsync(RegistryChange change, BulkItem item, CancellationToken cancellationToken)
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
            case ImportMode.UpdateTwin or ImportMode.UpdateTwinIfMatchETag:
                return HubErrors.InvalidOperation.With("This hub has no device twins yet.");
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
