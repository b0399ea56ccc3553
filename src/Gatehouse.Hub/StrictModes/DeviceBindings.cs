using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Store;

namespace Gatehouse.Hub.StrictModes;

/// <summary>Binds devices, with their modules, to the networks that they must come from: a change is one transaction with its audit record and the signal of a changed device, by which open connections are judged again.</summary>
public sealed class DeviceBindings
{
    private readonly Database database;
    private readonly RegistryTransactions transactions;
    private readonly UseRecorder uses;

    internal DeviceBindings(Database database, RegistryTransactions transactions, UseRecorder uses) => (this.database, this.transactions, this.uses) = (database, transactions, uses);

    /// <summary>DeviceNotFound.</summary>
    public async Task<Result<DeviceBinding>> FindAsync(HubName hub, DeviceId device, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, cancel) => BindingRows.FindAsync(connection, null, hub, device, cancel), cancellationToken) is { } found ? found : HubErrors.DeviceNotFound;

    /// <summary>Bound devices in the order of their names.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="after">Only those after this name; empty for all.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<IReadOnlyList<DeviceBinding>> ListAsync(HubName hub, string after, int max, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, cancel) => BindingRows.ListAsync(connection, hub, after, max, cancel), cancellationToken);

    /// <summary>What <see cref="ChangeAsync"/> would do; nothing is changed.</summary>
    public async Task<Result<BindingEffect>> RehearseAsync(HubName hub, DeviceId device, NetworkRanges? networks, CancellationToken cancellationToken)
    {
        var present = await FindAsync(hub, device, cancellationToken);
        return present.IsOk ? EffectOf(hub, present.Value, networks) : present.Error;
    }

    /// <param name="hub">Hub.</param>
    /// <param name="device">Which device.</param>
    /// <param name="networks">Where it and its modules must come from; null for anywhere.</param>
    /// <param name="isForced">Whether it is made though the device would lose all its connections.</param>
    /// <param name="actor">For the audit log.</param>
    /// <param name="cancellationToken">Ends the wait before the transaction.</param>
    /// <returns>DeviceNotFound; GenericConflict for what must be forced.</returns>
    public async Task<Result<BindingEffect>> ChangeAsync(HubName hub, DeviceId device, NetworkRanges? networks, bool isForced, string actor, CancellationToken cancellationToken)
    {
        // Looked up before it is in force, which ends them.
        var effect = await RehearseAsync(hub, device, networks, cancellationToken);
        if (!effect.IsOk || !effect.Value.IsChanged)
        {
            return effect;
        }

        if (effect.Value.Danger is { } danger && !isForced)
        {
            return HubErrors.GenericConflict.With($"{danger} Nothing was changed; force it if that is what you want.");
        }

        var saved = await transactions.RunAsync(hub, actor, (change, cancel) => SaveAsync(change, effect.Value.Current, isForced && effect.Value.Danger is not null, cancel), cancellationToken);
        return saved.IsOk ? effect : saved.Error;
    }

    private static async Task<Result<DeviceBinding>> SaveAsync(RegistryChange change, DeviceBinding wanted, bool isForced, CancellationToken cancellationToken)
    {
        var write = change.Transaction;
        if (await BindingRows.FindAsync(write.Connection, write.Transaction, change.Hub, wanted.Device, cancellationToken) is not { } present)
        {
            return HubErrors.DeviceNotFound;
        }

        await BindingRows.SaveAsync(write, change.Hub, wanted, cancellationToken);
        var detail = new JsonObject { ["before"] = Describe(present), ["after"] = Describe(wanted), ["forced"] = isForced };
        write.Audit(new AuditRecord { Hub = change.Hub.Value, Actor = change.Actor, Action = "device.networks", Subject = wanted.Device.Value, Detail = detail.ToJsonString() });
        write.Signal(new Signal(SignalSubjects.IdentityChanged, change.Hub.Value, wanted.Device.Value));
        return wanted;
    }

    private static JsonArray? Describe(DeviceBinding binding) => binding.Networks is { } networks ? new JsonArray([.. networks.Texts.Select(static text => JsonValue.Create(text))]) : null;

    private BindingEffect EffectOf(HubName hub, DeviceBinding present, NetworkRanges? networks)
    {
        var wanted = present with { Networks = networks };
        var live = uses.Live(hub).Where(use => use.Principal.Identity is { } identity && identity.Device == present.Device).ToList();
        var gone = networks is null ? [] : live.Where(use => use.Address is not { } address || !networks.Contains(address)).ToList();
        var effect = new BindingEffect(wanted, present.Networks?.ToString() != networks?.ToString())
        {
            Live = [.. gone.Select(use => new BoundConnection(use.Principal.Identity!.Value.ToString(), use.Address)).Distinct().OrderBy(each => each.Identity, StringComparer.Ordinal).Take(BindingEffect.MaxShown)],
            LiveCount = gone.Count,
            StayCount = live.Count - gone.Count,
        };
        return effect with { Danger = effect is { IsChanged: true, LiveCount: > 0, StayCount: 0 } ? DangerOf(effect) : null };
    }

    private static string DangerOf(BindingEffect effect)
    {
        var from = string.Join(", ", effect.Live.Select(static each => NetworkRanges.Describe(each.Address)).Distinct(StringComparer.Ordinal).Take(3));
        return string.Create(CultureInfo.InvariantCulture, $"'{effect.Current.Device}' is connected to this node from {from}, which is in none of these networks, and would lose all its {effect.LiveCount} connections here.");
    }
}
