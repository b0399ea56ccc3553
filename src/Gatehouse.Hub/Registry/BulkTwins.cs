using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Registry;

/// <summary>The twins of a bulk call.</summary>
internal sealed class BulkTwins(Database database, TwinWriter writer)
{
    /// <summary>What an item does to its twin; null for nothing. Errors are those that show before anything is written.</summary>
    internal Result<BulkTwinWrite?> Read(BulkItem item)
    {
        var isTwinAlone = item.Mode is ImportMode.UpdateTwin or ImportMode.UpdateTwinIfMatchETag;
        if (item.Mode is ImportMode.Delete or ImportMode.DeleteIfMatchETag || (item.Twin is null && !isTwinAlone))
        {
            return (BulkTwinWrite?)null;
        }

        if (item.Twin is not { } twin)
        {
            return HubErrors.ArgumentNull.With("The item has neither tags nor desired properties.");
        }

        var ifMatch = ConditionOf(item.Mode, twin);
        var update = TwinUpdate.Patch(twin.Json.Span);
        if (!ifMatch.IsOk || !update.IsOk)
        {
            return ifMatch.Error ?? update.Error!;
        }

        if (writer.Check(update.Value) is { } refused)
        {
            return refused;
        }

        return isTwinAlone || !update.Value.IsBlank ? new BulkTwinWrite(update.Value, ifMatch.Value) : null;
    }

    internal Task<Result<TwinRow>> WriteAsync(RegistryChange change, IdentityKey key, BulkTwinWrite write, CancellationToken cancellationToken) =>
        writer.WriteAsync(change.Transaction, change.Hub, change.Actor, key, write.Update, write.IfMatch, cancellationToken);

    /// <summary>Locks the twins of these devices and their modules before anything else does it in the order of the items.</summary>
    internal Task LockAsync(RegistryChange change, IReadOnlyList<string> devices, CancellationToken cancellationToken) =>
        TwinRows.LockAllAsync(change.Transaction, database.Dialect, change.Hub, devices, cancellationToken);

    private static Result<IfMatch> ConditionOf(ImportMode mode, BulkTwin twin) => mode switch
    {
        ImportMode.UpdateTwinIfMatchETag when string.IsNullOrWhiteSpace(twin.ETag) => HubErrors.ArgumentNull.With("The twinETag is missing."),
        ImportMode.UpdateTwin or ImportMode.Create => IfMatch.Absent,
        _ => IfMatch.Parse(twin.ETag),
    };
}

/// <summary>A write to the twin of one item.</summary>
internal sealed record BulkTwinWrite(TwinUpdate Update, IfMatch IfMatch);
