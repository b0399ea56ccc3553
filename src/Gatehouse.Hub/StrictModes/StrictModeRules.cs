using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.UseTracking;
using Gatehouse.Identity;
using Gatehouse.Store;

namespace Gatehouse.Hub.StrictModes;

/// <summary>What a hub asks of proofs, for its operators: a change is one transaction with its audit record and its signal, and is in force on this node when it returns. What would lock everybody out must be forced.</summary>
public sealed class StrictModeRules(Database database, KnownHubs known, UseRecorder uses, IdentityOptions identity, TimeProvider time)
{
    /// <summary>Shortest and longest limit of tokens. The command line's own tokens live for the shortest.</summary>
    public const long MinTokenSeconds = 600, MaxTokenSeconds = 31_536_000;

    public async Task<Result<HubStrictness>> FindAsync(HubName hub, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync((connection, cancel) => StrictnessRows.FindAsync(connection, null, hub, cancel), cancellationToken);
        return found is null ? HubErrors.IotHubNotFound
            : !found.Strictness.HasDerivedKeysOnly ? found
            : found with { StoredKeyCount = await database.ReadAsync((connection, cancel) => StrictnessRows.CountStoredAsync(connection, hub, cancel), cancellationToken) };
    }

    /// <summary>What <see cref="ChangeAsync"/> would do; nothing is changed.</summary>
    public async Task<Result<StrictnessEffect>> RehearseAsync(Principal caller, StrictnessChange change, IfMatch ifMatch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var present = await FindAsync(caller.Hub, cancellationToken);
        if (!present.IsOk || !Fits(ifMatch, present.Value))
        {
            return present.Error ?? HubErrors.PreconditionFailed;
        }

        var wanted = Read(present.Value.Strictness, change);
        return wanted.IsOk ? await EffectAsync(caller, present.Value, wanted.Value, cancellationToken) : wanted.Error;
    }

    /// <param name="caller">Back end that asks for it; its own token counts too.</param>
    /// <param name="change">What shall change.</param>
    /// <param name="ifMatch">Version that it is meant for.</param>
    /// <param name="isForced">Whether it is made though nobody would be left.</param>
    /// <param name="actor">For the audit log.</param>
    /// <param name="cancellationToken">Ends the wait before the transaction.</param>
    /// <returns>ArgumentInvalid, PreconditionFailed, GenericConflict for what must be forced.</returns>
    public async Task<Result<StrictnessEffect>> ChangeAsync(Principal caller, StrictnessChange change, IfMatch ifMatch, bool isForced, string actor, CancellationToken cancellationToken)
    {
        // Looked up before it is in force, which ends them.
        var effect = await RehearseAsync(caller, change, ifMatch, cancellationToken);
        if (!effect.IsOk || !effect.Value.IsChanged)
        {
            return effect;
        }

        if (effect.Value.Danger is { } danger && !isForced)
        {
            return HubErrors.GenericConflict.With($"{danger} Nothing was changed; force it if that is what you want.");
        }

        var saved = await database.WriteAsync((write, cancel) => SaveAsync(write, caller.Hub, change, ifMatch, new Doing(actor, isForced && effect.Value.Danger is not null), cancel), cancellationToken);
        if (!saved.IsOk)
        {
            return saved.Error;
        }

        await known.RefreshAsync(CancellationToken.None);
        return effect.Value with { Current = saved.Value with { StoredKeyCount = effect.Value.Current.StoredKeyCount } };
    }

    private async Task<Result<HubStrictness>> SaveAsync(WriteTransaction write, HubName hub, StrictnessChange change, IfMatch ifMatch, Doing doing, CancellationToken cancellationToken)
    {
        // Before the hub's row, as whoever writes identities: nobody of them is half way when the hub derives its keys.
        if (change.DeviceKeys is not null && await RegistryCounts.LockAsync(write, database.Dialect, hub, cancellationToken) is null)
        {
            return HubErrors.IotHubNotFound;
        }

        if (await HubLock.TakeAsync(write, database.Dialect, hub, cancellationToken) is { } missing)
        {
            return missing;
        }

        var present = (await StrictnessRows.FindAsync(write.Connection, write.Transaction, hub, cancellationToken))!;
        if (!Fits(ifMatch, present))
        {
            return HubErrors.PreconditionFailed;
        }

        var wanted = Read(present.Strictness, change);
        if (!wanted.IsOk)
        {
            return wanted.Error;
        }

        var saved = new HubStrictness(wanted.Value, present.Counter + 1);
        await StrictnessRows.SaveAsync(write, hub, saved, cancellationToken);
        var detail = new JsonObject { ["before"] = Describe(present.Strictness), ["after"] = Describe(saved.Strictness), ["forced"] = doing.IsForced };
        write.Audit(new AuditRecord { Hub = hub.Value, Actor = doing.Actor, Action = "strictness.update", Subject = hub.Value, Detail = detail.ToJsonString() });
        write.Signal(new Signal(SignalSubjects.HubChanged, hub.Value, ""));
        return saved;
    }

    private static JsonObject Describe(Strictness strictness) => new()
    {
        ["maxTokenLifetimeSeconds"] = strictness.MaxTokenSeconds,
        ["deviceAuthentication"] = StrictnessRows.WordOf(strictness.IsX509Only),
        ["deviceTokens"] = StrictnessRows.TokenWordOf(strictness.IsOwnTokensOnly),
        ["deviceKeys"] = StrictnessRows.KeyWordOf(strictness.HasDerivedKeysOnly),
    };

    private static bool Fits(IfMatch ifMatch, HubStrictness present) => ifMatch.Kind != IfMatchKind.Version || ifMatch.ETag == present.ETag;

    private static Result<Strictness> Read(Strictness present, StrictnessChange change)
    {
        if (change is { MaxTokenLifetimeSeconds: null, DeviceAuthentication: null, DeviceTokens: null, DeviceKeys: null })
        {
            return HubErrors.ArgumentInvalid.With("Nothing is named to change: give maxTokenLifetimeSeconds, deviceAuthentication, deviceTokens or deviceKeys.");
        }

        if (change.MaxTokenLifetimeSeconds is { } seconds && seconds != 0 && seconds is < MinTokenSeconds or > MaxTokenSeconds)
        {
            return HubErrors.ArgumentInvalid.With(string.Create(CultureInfo.InvariantCulture, $"maxTokenLifetimeSeconds must be {MinTokenSeconds} to {MaxTokenSeconds}, or 0 for no limit."));
        }

        if (change.DeviceTokens is not (null or StrictnessRows.AnyWord or StrictnessRows.OwnWord))
        {
            return HubErrors.ArgumentInvalid.With($"deviceTokens must be {StrictnessRows.AnyWord} or {StrictnessRows.OwnWord}.");
        }

        if (change.DeviceKeys is not (null or StrictnessRows.StoredWord or StrictnessRows.DerivedWord))
        {
            return HubErrors.ArgumentInvalid.With($"deviceKeys must be {StrictnessRows.StoredWord} or {StrictnessRows.DerivedWord}.");
        }

        return change.DeviceAuthentication is not (null or StrictnessRows.AnyWord or StrictnessRows.X509Word)
            ? HubErrors.ArgumentInvalid.With($"deviceAuthentication must be {StrictnessRows.AnyWord} or {StrictnessRows.X509Word}.")
            : present with
            {
                MaxTokenSeconds = change.MaxTokenLifetimeSeconds ?? present.MaxTokenSeconds,
                IsX509Only = change.DeviceAuthentication is { } word ? word == StrictnessRows.X509Word : present.IsX509Only,
                IsOwnTokensOnly = change.DeviceTokens is { } tokens ? tokens == StrictnessRows.OwnWord : present.IsOwnTokensOnly,
                HasDerivedKeysOnly = change.DeviceKeys is { } keys ? keys == StrictnessRows.DerivedWord : present.HasDerivedKeysOnly,
            };
    }

    private async Task<StrictnessEffect> EffectAsync(Principal caller, HubStrictness present, Strictness wanted, CancellationToken cancellationToken)
    {
        var effect = new StrictnessEffect(present with { Strictness = wanted, StoredKeyCount = null }, present.Strictness != wanted);
        if (wanted.IsX509Only && !present.Strictness.IsX509Only)
        {
            var (byToken, byCertificate) = await database.ReadAsync((connection, cancel) => StrictnessRows.CountAsync(connection, caller.Hub, cancel), cancellationToken);
            effect = effect with
            {
                RegisteredCount = byToken,
                Registered = await database.ReadAsync((connection, cancel) => StrictnessRows.FindByTokenAsync(connection, caller.Hub, StrictnessEffect.MaxShown, cancel), cancellationToken),
                RemainingCount = byCertificate,
            };
        }

        if (wanted.HasDerivedKeysOnly)
        {
            var stored = await database.ReadAsync((connection, cancel) => StrictnessRows.CountStoredAsync(connection, caller.Hub, cancel), cancellationToken);
            effect = effect with
            {
                Current = effect.Current with { StoredKeyCount = stored },
                StoredCount = stored,
                Stored = stored == 0 ? [] : await database.ReadAsync((connection, cancel) => StrictnessRows.FindStoredAsync(connection, caller.Hub, StrictnessEffect.MaxShown, cancel), cancellationToken),
            };
        }

        var now = time.GetUtcNow();
        var live = uses.Live(caller.Hub).Select(static use => use.Principal).ToList();
        var names = live.Where(who => IsRefused(who, wanted, now)).Select(NameOf).ToList();
        effect = effect with
        {
            Live = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(StrictnessEffect.MaxShown)],
            LiveCount = names.Count,
            StayCount = live.Count - names.Count,
        };
        return effect with { Danger = effect.IsChanged ? DangerOf(effect, TooLong(caller, wanted, now)) : null };
    }

    private static string? DangerOf(StrictnessEffect effect, ulong? callersToken)
    {
        FormattableString? danger = callersToken is { } left ? (FormattableString)$"Your own token ends in {left} s, so that you could not call again with it."
            : effect is { RegisteredCount: > 0, RemainingCount: 0 } ? $"None of the {effect.RegisteredCount} devices and modules that are enabled could connect: all are registered with keys."
            : effect is { LiveCount: > 0, StayCount: 0 } ? (FormattableString)$"All {effect.LiveCount} that are connected to this node would be cut off."
            : null;
        return danger?.ToString(CultureInfo.InvariantCulture);
    }

    private bool IsRefused(Principal who, Strictness wanted, DateTimeOffset now) =>
        who.Method is AuthenticationMethod.IdentityKey or AuthenticationMethod.PolicyKey && ((who.Identity is not null && (wanted.IsX509Only || IsOtherWidth(who, wanted))) || TooLong(who, wanted, now) is not null);

    // Tokens for a part of a device are taken only where those of policies are not.
    private static bool IsOtherWidth(Principal who, Strictness wanted) =>
        wanted.IsOwnTokensOnly ? who.Method == AuthenticationMethod.PolicyKey : (who.Rights & Rights.DeviceConnect) == 0;

    private ulong? TooLong(Principal who, Strictness wanted, DateTimeOffset now) =>
        who.ExpiresAt is { } end ? wanted.SecondsTooLong((ulong)Math.Max(0, end.ToUnixTimeSeconds()), now, identity.ClockAllowance) : null;

    private static string NameOf(Principal who) => who.Identity?.ToString() ?? $"policy/{who.PolicyName}";

    /// <param name="Actor">Who.</param>
    /// <param name="IsForced">Whether it had to be forced.</param>
    private readonly record struct Doing(string Actor, bool IsForced);
}
