using System.Buffers;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.Events;

/// <summary>The consumer groups of a hub: <c>$Default</c> and up to 20 more.</summary>
/// <remarks>Source: IoT Hub "Built-in endpoint" page. Positions are kept by the readers, not here, as with Event Hubs.</remarks>
public sealed class ConsumerGroups(Database database, EventOptions options, TimeProvider time)
{
    private const int MaxNameLength = 50;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    public async Task<IReadOnlyList<ConsumerGroup>> ListAsync(HubName hub, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, cancel) => ConsumerGroupRows.ListAsync(connection, hub, cancel), cancellationToken);
        return [ConsumerGroup.Default, .. rows];
    }

    /// <summary>Null when there is no such group. Names are compared without regard to case.</summary>
    public async Task<ConsumerGroup?> FindAsync(HubName hub, string name, CancellationToken cancellationToken) =>
        IsDefault(name) ? ConsumerGroup.Default
        : !IsValid(name) ? null // PostgreSQL fails on a NUL in a parameter
        : await database.ReadAsync((connection, cancel) => ConsumerGroupRows.FindAsync(connection, null, hub, name, cancel), cancellationToken);

    /// <summary>Makes a group; one that is there already is left as it is.</summary>
    public async Task<Result<Saved<ConsumerGroup>>> CreateAsync(HubName hub, string name, string actor, CancellationToken cancellationToken)
    {
        if (IsDefault(name))
        {
            return new Saved<ConsumerGroup>(ConsumerGroup.Default, IsNew: false);
        }

        return IsValid(name)
            ? await database.WriteAsync((write, cancel) => CreateAsync(write, hub, name, actor, cancel), cancellationToken)
            : HubErrors.ArgumentInvalid.With("The consumer group name must have 1 to 50 characters of A-Z a-z 0-9 - _ ., the first and the last a letter or digit.");
    }

    /// <summary>Readers of the group end. GenericNotFound when there is none of that name.</summary>
    public async Task<Result<ConsumerGroup>> DeleteAsync(HubName hub, string name, string actor, CancellationToken cancellationToken) =>
        IsDefault(name)
            ? HubErrors.InvalidOperation.With("The consumer group $Default cannot be deleted.")
            : await database.WriteAsync((write, cancel) => DeleteAsync(write, hub, name, actor, cancel), cancellationToken);

    internal static bool IsDefault(string name) => string.Equals(name, ConsumerGroup.DefaultName, StringComparison.OrdinalIgnoreCase);

    private static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxNameLength && !name.AsSpan().ContainsAnyExcept(Allowed) && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1]);

    private async Task<Result<Saved<ConsumerGroup>>> CreateAsync(WriteTransaction write, HubName hub, string name, string actor, CancellationToken cancellationToken)
    {
        if (await HubLock.TakeAsync(write, database.Dialect, hub, cancellationToken) is { } missing)
        {
            return missing;
        }

        if (await ConsumerGroupRows.FindAsync(write.Connection, write.Transaction, hub, name, cancellationToken) is { } present)
        {
            return new Saved<ConsumerGroup>(present, IsNew: false);
        }

        if (await ConsumerGroupRows.CountAsync(write, hub, cancellationToken) >= options.MaxConsumerGroups)
        {
            return HubErrors.GenericConflict.With($"The hub has {options.MaxConsumerGroups} consumer groups beside $Default already, the most it can hold.");
        }

        var group = new ConsumerGroup(name, time.GetUtcNow());
        await ConsumerGroupRows.InsertAsync(write, hub, group, cancellationToken);
        write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = "consumergroup.create", Subject = name });
        return new Saved<ConsumerGroup>(group, IsNew: true);
    }

    private static async Task<Result<ConsumerGroup>> DeleteAsync(WriteTransaction write, HubName hub, string name, string actor, CancellationToken cancellationToken)
    {
        if (await ConsumerGroupRows.FindAsync(write.Connection, write.Transaction, hub, name, cancellationToken) is not { } present)
        {
            return HubErrors.GenericNotFound.With($"There is no consumer group '{ResourceName.Cut(name)}'.");
        }

        await ConsumerGroupRows.DeleteAsync(write, hub, name, cancellationToken);
        write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = "consumergroup.delete", Subject = present.Name });
        write.Signal(new Signal(SignalSubjects.ConsumerGroupsChanged, hub.Value, present.Name));
        return present;
    }
}
