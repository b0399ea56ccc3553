using System.Security.Cryptography;
using System.Text;
using Dapper;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests;

public sealed class SqliteDerivedKeyTests() : DerivedKeySuite(null);

public sealed class PostgresDerivedKeyTests(PostgresServer server) : DerivedKeySuite(server);

/// <summary>A hub that derives the keys of its devices: the wire is the same, no key is stored, none of others is taken, and what was stored goes on until it is regenerated.</summary>
public abstract class DerivedKeySuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_devices_and_modules_have_keys_that_open_the_door_and_stand_nowhere_in_the_store()
    {
        await using var hub = await StartAsync();
        var (device, module) = ((await hub.PutAsync("d1")).Value, (await hub.PutAsync("d1/m1")).Value);

        string[] keys = [device.PrimaryKey!, device.SecondaryKey!, module.PrimaryKey!, module.SecondaryKey!];
        Assert.Equal(4, keys.Distinct().Count());
        Assert.All(keys, key => Assert.Equal(32, Convert.FromBase64String(key).Length));
        Assert.Equal(keys, await KeysAsync(hub, "d1", "d1/m1"));
        foreach (var (identity, key) in new[] { ("d1", keys[0]), ("d1", keys[1]), ("d1/m1", keys[2]), ("d1/m1", keys[3]) })
        {
            Assert.True(await LogsInAsync(hub, identity, key), $"{identity} {key}");
        }

        Assert.False(await LogsInAsync(hub, "d1", keys[2]));
        Assert.Equal([(1L, 1L, 22), (1L, 1L, 22)], await StoredAsync(hub));
        Assert.Equal(["derivation-key.create 1", "device.create d1", "module.create d1/m1"], (await hub.AuditedAsync()).Skip(1).Order(StringComparer.Ordinal));
        var detail = (await hub.Get<AuditLog>().ReadAsync(hub.Hub.Value, 0, 1000, Token)).Single(each => each.Fields is { Action: "device.create", Subject: "d1" }).Fields.Detail!;
        Assert.Contains("\"credential\":\"derived\"", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_read_may_be_sent_back_and_no_other_key_may()
    {
        await using var hub = await StartAsync();
        var made = (await hub.PutAsync("d1")).Value;
        var own = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

        var changed = await hub.PutAsync("d1", IfMatch.Version(made.ETag), input => input with { Status = "disabled", Authentication = Sas(made.PrimaryKey, made.SecondaryKey) });
        Assert.True(changed.IsOk, changed.Error?.Message);
        Assert.Equal((false, made.PrimaryKey, made.SecondaryKey), (changed.Value.IsEnabled, changed.Value.PrimaryKey, changed.Value.SecondaryKey));
        Assert.Equal([(1L, 1L, 22)], await StoredAsync(hub));

        // An SDK's way to exchange them.
        var swapped = (await hub.PutAsync("d1", IfMatch.Any, input => input with { Authentication = Sas(made.SecondaryKey, made.PrimaryKey) })).Value;
        Assert.Equal((made.SecondaryKey, made.PrimaryKey), (swapped.PrimaryKey, swapped.SecondaryKey));

        var etag = swapped.ETag;
        foreach (var keys in new[] { Sas(own, own), Sas(made.PrimaryKey, own), Sas(own, made.PrimaryKey) })
        {
            Refused(await hub.PutAsync("d1", IfMatch.Any, input => input with { Status = "enabled", Authentication = keys }));
            Refused(await hub.PutAsync("d2", change: input => input with { Authentication = keys }));
            Refused(await hub.PutAsync("d1/m1", change: input => input with { Authentication = keys }));
        }

        Assert.Equal(etag, (await hub.FindAsync("d1")).Value.ETag);
        Assert.Equal(HubErrors.DeviceNotFound.Code, (await hub.FindAsync("d2")).Error!.Code);

        // Of another device neither.
        var other = (await hub.PutAsync("d3")).Value;
        Refused(await hub.PutAsync("d1", IfMatch.Any, input => input with { Authentication = Sas(other.PrimaryKey, other.SecondaryKey) }));

        // Without keys it gets new ones, as ever; and certificates are as they were.
        Assert.NotEqual(made.PrimaryKey, (await hub.PutAsync("d3", IfMatch.Any)).Value.PrimaryKey);
        Assert.True((await hub.PutAsync("d3", IfMatch.Any, input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } })).IsOk);
        Assert.Equal((0L, 0L, 0), (await StoredAsync(hub))[^1]);
    }

    [Fact]
    public async Task A_bulk_call_and_an_import_are_refused_line_by_line()
    {
        await using var hub = await StartAsync();
        var own = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var made = (await hub.PutAsync("d1")).Value;
        BulkItem Item(string key, AuthenticationInput? keys) => new(new IdentityInput { Key = HubHost.Key(key), Authentication = keys, KeepsCredentials = true, Status = "disabled" }, ImportMode.CreateOrUpdate, null);

        var errors = (await hub.Get<BulkRegistry>().RunAsync(
            hub.Hub, HubHost.Actor, [Item("d1", Sas(made.PrimaryKey, made.SecondaryKey)), Item("d2", Sas(own, own)), Item("d3", null), Item("d3/m", Sas(own, own))], Token)).Value;

        Assert.Equal([("d2", null, "ArgumentInvalid"), ("d3", "m", "ArgumentInvalid")], errors.Select(each => (each.DeviceId, each.ModuleId, each.Error.Name)));
        Assert.Contains("takes no keys that others have made", errors[0].Error.Message, StringComparison.Ordinal);
        Assert.Equal([(1L, 1L, 22), (1L, 1L, 22)], await StoredAsync(hub));
        Assert.Equal(made.PrimaryKey, (await hub.FindAsync("d1")).Value.PrimaryKey);
    }

    [Fact]
    public async Task Regenerating_draws_anew_in_one_slot_and_a_swap_keeps_both()
    {
        await using var hub = await StartAsync();
        await hub.PutAsync("d1");
        var before = await KeysAsync(hub, "d1");

        await RegenerateAsync(hub, RegeneratedKey.Primary);
        var after = await KeysAsync(hub, "d1");
        Assert.NotEqual(before[0], after[0]);
        Assert.Equal(before[1], after[1]);
        await RegenerateAsync(hub, RegeneratedKey.Swap);
        Assert.Equal(after.Reverse(), await KeysAsync(hub, "d1"));
        Assert.Equal([(1L, 1L, 22)], await StoredAsync(hub));
        Assert.True(await LogsInAsync(hub, "d1", after[1]));
        Assert.True(await LogsInAsync(hub, "d1", after[0]));
        Assert.False(await LogsInAsync(hub, "d1", before[0]));

        await hub.DeleteAsync("d1", IfMatch.Any);
        await hub.PutAsync("d1");
        Assert.Empty((await KeysAsync(hub, "d1")).Intersect(after));
        Assert.False(await LogsInAsync(hub, "d1", after[1]));
        Assert.Equal(["DeviceNotFound", "ModuleNotFound"], (await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, RegeneratedKey.Swap, [HubHost.Key("none"), HubHost.Key("d1/none")], Token)).Value.Select(each => each.Error?.Name));
    }

    [Fact]
    public async Task Stored_keys_go_on_are_counted_and_become_derived_one_by_one_and_the_way_back_is_the_same()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        foreach (var key in new[] { "a", "b", "b/m" })
        {
            await hub.PutAsync(key);
        }

        await hub.PutAsync("off", change: input => input with { Status = "disabled" });
        await hub.PutAsync("x", change: input => input with { Authentication = new AuthenticationInput { Type = "certificateAuthority" } });
        Assert.Null((await Rules(hub).FindAsync(hub.Hub, Token)).Value.StoredKeyCount);
        var drill = (await Rules(hub).RehearseAsync(Caller(hub), Derived, IfMatch.Absent, Token)).Value;
        Assert.Equal((4L, null, true, 0), (drill.StoredCount, drill.Danger, drill.IsChanged, drill.LiveCount));
        Assert.Equal(["a", "b", "b/m", "off"], drill.Stored);
        Assert.False((await Rules(hub).FindAsync(hub.Hub, Token)).Value.Strictness.HasDerivedKeysOnly);

        var before = await KeysAsync(hub, "a", "b");
        Assert.Equal(4, (await ChangeAsync(hub, Derived)).StoredCount);
        Assert.Equal(before, await KeysAsync(hub, "a", "b"));
        Assert.True(await LogsInAsync(hub, "a", before[0]));
        var same = await hub.PutAsync("a", IfMatch.Any, input => input with { Authentication = Sas(before[0], before[1]) });
        Assert.Equal((before[0], before[1]), (same.Value.PrimaryKey, same.Value.SecondaryKey));

        // Both kinds side by side.
        await RegenerateAsync(hub, RegeneratedKey.Secondary, "a");
        Assert.Equal((0L, 1L), ((await StoredAsync(hub))[0].Primary, (await StoredAsync(hub))[0].Secondary));
        Assert.Equal(4, await CountAsync(hub));
        var mixed = await KeysAsync(hub, "a");
        Assert.Equal(before[0], mixed[0]);
        Assert.True(await LogsInAsync(hub, "a", mixed[1]));
        Assert.True((await hub.PutAsync("a", IfMatch.Any, input => input with { Authentication = Sas(mixed[1], mixed[0]) })).IsOk);
        Assert.Equal((1L, 0L), ((await StoredAsync(hub))[0].Primary, (await StoredAsync(hub))[0].Secondary));
        await RegenerateAsync(hub, RegeneratedKey.Secondary, "a");
        Assert.Equal(3, await CountAsync(hub));

        await ChangeAsync(hub, new() { DeviceKeys = "stored" });
        var derived = await KeysAsync(hub, "a");
        Assert.True((await hub.PutAsync("a", IfMatch.Any, input => input with { Authentication = Sas(derived[0], derived[1]) })).IsOk);
        Assert.Equal((1L, 1L, 22), (await StoredAsync(hub))[0]);
        var own = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        Assert.True((await hub.PutAsync("a", IfMatch.Any, input => input with { Authentication = Sas(own, derived[1]) })).IsOk);
        Assert.Equal((0L, 1L), ((await StoredAsync(hub))[0].Primary, (await StoredAsync(hub))[0].Secondary));
        await RegenerateAsync(hub, RegeneratedKey.Secondary, "a");
        Assert.Equal((0L, 0L), ((await StoredAsync(hub))[0].Primary, (await StoredAsync(hub))[0].Secondary));
        Assert.True(await LogsInAsync(hub, "a", own));
    }

    [Fact]
    public async Task A_plan_moves_a_device_to_derived_keys_without_a_moment_in_which_none_is_good()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await hub.PutAsync("a");
        await FleetRotationSuite.UsedAsync(hub, "a", CredentialName.PrimaryKey);
        await ChangeAsync(hub, Derived);
        var before = await KeysAsync(hub, "a");
        var rotations = hub.Get<Rotations>();
        var made = await rotations.CreateAsync(hub.Hub, new RotationInput { Kind = Rotations.DeviceKey, Devices = ["a"], UnusedForSeconds = 60 }, false, HubHost.Actor, Token);
        Assert.True((await rotations.StartAsync(hub.Hub, made.Value.Id!, HubHost.Actor, Token)).IsOk);

        await LookAsync(hub, 8);
        Assert.Equal((0L, 1L), ((await StoredAsync(hub))[0].Primary, (await StoredAsync(hub))[0].Secondary));
        Assert.True(await LogsInAsync(hub, "a", before[0]));
        await FleetRotationSuite.UsedAsync(hub, "a", CredentialName.SecondaryKey);
        await LookAsync(hub, 10);

        Assert.Equal((RotationStates.Done, 0L), ((await rotations.FindAsync(hub.Hub, made.Value.Id!, Token)).Value.State, await CountAsync(hub)));
        Assert.Equal([(1L, 1L, 22)], await StoredAsync(hub));
        Assert.False(await LogsInAsync(hub, "a", before[0]));
    }

    [Fact]
    public async Task A_new_data_key_brings_a_new_derivation_key_for_what_is_drawn_from_then_on()
    {
        await using var hub = await StartAsync();
        await hub.PutAsync("a");
        var before = await KeysAsync(hub, "a");

        hub.Get<SecretVault>().Custody.Rotate(new AuditRecord { Hub = hub.Hub.Value, Actor = HubHost.Actor, Action = "key.rotate", Subject = "s" });
        await hub.PutAsync("b");
        await RegenerateAsync(hub, RegeneratedKey.Primary, "a");
        await hub.PutAsync("c");

        Assert.Equal([(2L, 1L, 22), (2L, 2L, 22), (2L, 2L, 22)], await StoredAsync(hub));
        var after = await KeysAsync(hub, "a");
        Assert.Equal(before[1], after[1]);
        Assert.True(await LogsInAsync(hub, "a", before[1]));
        Assert.True(await LogsInAsync(hub, "a", after[0]));
    }

    [Fact]
    public async Task Another_node_sees_the_mode_in_its_next_transaction_and_logs_in_what_the_first_has_made()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        using var vault = SecretVault.Open(Path.Combine(hub.Folder, "keys"));
        var seal = new CredentialSeal(vault, new DerivationKeys(vault, hub.Time), hub.Time);
        var devices = new DeviceWriter(seal, new GenerationIds(hub.Time), new RegistryOptions(), hub.Time);
        await ChangeAsync(hub, Derived);

        var there = (await hub.Get<RegistryTransactions>().RunAsync(hub.Hub, "other", (change, cancel) => devices.PutAsync(change, new IdentityInput { Key = HubHost.Key("there") }, WriteCondition.Create, cancel), Token)).Value;
        await hub.PutAsync("here");

        Assert.Equal([(1L, 1L, 22), (1L, 1L, 22)], await StoredAsync(hub));
        var key = Convert.ToBase64String(vault.Reveal(there.Primary.In(hub.Hub)!, there.BindingIn(hub.Hub)));
        Assert.Equal(key, (await KeysAsync(hub, "there"))[0]);
        Assert.True(await LogsInAsync(hub, "there", key));
        Assert.True(await LogsInAsync(hub, "here", (await KeysAsync(hub, "here"))[0], vault));
    }

    [Fact]
    public async Task Devices_made_while_the_mode_is_turned_on_are_whole_before_it_or_derived_after_it()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        var own = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var made = Parallel.ForAsync(0, 40, Token, async (i, _) => await hub.PutAsync($"d{i}", change: input => i % 2 == 0 ? input : input with { Authentication = Sas(own, own) }));

        await ChangeAsync(hub, Derived);
        var stored = await CountAsync(hub);
        await made;

        Assert.Equal(stored, await CountAsync(hub));
        Assert.All(await StoredAsync(hub), each => Assert.Equal(each.Primary, each.Secondary));
    }

    [Fact]
    public async Task What_is_stopped_before_its_commit_leaves_mode_and_derivation_key_as_they_were()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        await Assert.ThrowsAsync<IOException>(() => hub.Get<RegistryTransactions>().RunAsync<int>(
            hub.Hub,
            HubHost.Actor,
            async (change, cancel) =>
            {
                await SqlMapper.ExecuteAsync(change.Transaction.Connection, "UPDATE hubs SET device_keys = 'derived'", transaction: change.Transaction.Transaction);
                Assert.True((await hub.Get<DerivationKeys>().FindMakingAsync(change, cancel)).IsDerived);
                throw new IOException("killed");
            },
            Token));

        await hub.PutAsync("a");
        Assert.Equal((0L, 0L), ((await StoredAsync(hub))[0].Primary, (await StoredAsync(hub))[0].Secondary));
        await ChangeAsync(hub, Derived);
        await hub.PutAsync("b");
        Assert.Equal((1L, 1L, 22), (await StoredAsync(hub))[1]);
    }

    [Fact]
    public async Task A_service_may_replace_a_key_of_its_own_and_give_no_other()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        string[] keys = [.. Enumerable.Range(0, 3).Select(_ => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))];
        await hub.PutAsync("a", change: input => input with { Authentication = Sas(keys[0], keys[1]) });
        await ChangeAsync(hub, Derived);
        var registrar = hub.Get<IDeviceRegistrar>();
        ProvisionedDevice Given(string id, string primary) => new() { Id = HubHost.Key(id).Device, PrimaryKey = primary, SecondaryKey = keys[1] };

        Assert.True((await registrar.RegisterAsync(hub.Hub, "registration:a", Given("a", keys[0]), Token)).IsOk);
        foreach (var id in new[] { "a", "b" })
        {
            Assert.Equal("ArgumentInvalid", (await registrar.RegisterAsync(hub.Hub, $"registration:{id}", Given(id, keys[2]), Token)).Error?.Name);
        }

        Assert.True((await registrar.RegisterAsync(hub.Hub, "registration:c", new ProvisionedDevice { Id = HubHost.Key("c").Device, PrimaryThumbprint = new string('A', 64) }, Token)).IsOk);
        var rolled = await hub.Get<IDeviceKeyRolls>().RunAsync(hub.Hub, "service", isPrimary: true, [new DeviceKeyRoll(HubHost.Key("a").Device, keys[0], keys[2])], Token);
        Assert.Equal(["a"], rolled.Value.Select(each => each.Value));
        Assert.Equal([keys[2], keys[1]], await KeysAsync(hub, "a"));

        // Who is put into quarantine loses its keys all the same.
        Assert.True((await registrar.QuarantineAsync(hub.Hub, "service", HubHost.Key("a").Device, "why", Token)).IsOk);
        Assert.Equal((1L, 1L, 22), (await StoredAsync(hub))[0]);
        Assert.False((await hub.FindAsync("a")).Value.IsEnabled);
    }

    private static StrictnessChange Derived => new() { DeviceKeys = "derived" };

    private static StrictModeRules Rules(HubHost hub) => hub.Get<StrictModeRules>();

    private static AuthenticationInput Sas(string? primary, string? secondary) => new() { Type = "sas", PrimaryKey = primary, SecondaryKey = secondary };

    private async Task<HubHost> StartAsync()
    {
        var hub = await HubHost.StartAsync(server: server);
        await ChangeAsync(hub, Derived);
        return hub;
    }

    private static async Task<StrictnessEffect> ChangeAsync(HubHost hub, StrictnessChange change)
    {
        var done = await Rules(hub).ChangeAsync(Caller(hub), change, IfMatch.Absent, isForced: false, HubHost.Actor, Token);
        Assert.True(done.IsOk, done.Error?.Message);
        return done.Value;
    }

    private static Principal Caller(HubHost hub) => new() { Hub = hub.Hub, PolicyName = "iothubowner", Rights = Rights.Owner, Method = AuthenticationMethod.PolicyKey, Credential = "" };

    private static void Refused(Result<RegisteredIdentity> outcome)
    {
        Assert.Equal((400, "ArgumentInvalid"), (outcome.Error?.HttpStatus, outcome.Error?.Name));
        Assert.Contains("takes no keys that others have made", outcome.Error!.Message, StringComparison.Ordinal);
    }

    private static async Task<long?> CountAsync(HubHost hub) => (await Rules(hub).FindAsync(hub.Hub, Token)).Value.StoredKeyCount;

    private static async Task<string[]> KeysAsync(HubHost hub, params string[] identities)
    {
        var keys = new List<string>();
        foreach (var identity in identities)
        {
            var found = (await hub.FindAsync(identity)).Value;
            keys.AddRange([found.PrimaryKey!, found.SecondaryKey!]);
        }

        return [.. keys];
    }

    /// <summary>Of each identity the derivation keys of both slots, and how long what stands in the first is.</summary>
    private static Task<IReadOnlyList<(long Primary, long Secondary, int Bytes)>> StoredAsync(HubHost hub) => hub.Get<Database>().ReadAsync<IReadOnlyList<(long, long, int)>>(
        async (connection, _) => [.. (await connection.QueryAsync<(long Primary, long Secondary, byte[]? Blob)>(
            "SELECT primary_derivation, secondary_derivation, primary_key FROM identities ORDER BY device_id, module_id")).Select(row => (row.Primary, row.Secondary, row.Blob?.Length ?? 0))],
        Token);

    private static async Task RegenerateAsync(HubHost hub, RegeneratedKey which, string identity = "d1") =>
        Assert.True((await hub.Get<KeyRegeneration>().RunAsync(hub.Hub, HubHost.Actor, which, [HubHost.Key(identity)], Token)).Value.Single().IsOk);

    private static async Task LookAsync(HubHost hub, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            hub.Time.Advance(TimeSpan.FromSeconds(10));
            await hub.Get<RotationRunner>().RunAsync(Token);
        }
    }

    private static async Task<bool> LogsInAsync(HubHost hub, string identity, string key, SecretVault? vault = null)
    {
        var resource = $"localhost/devices/{identity.Replace("/", "/modules/", StringComparison.Ordinal)}";
        var end = hub.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        var mac = HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.ASCII.GetBytes($"{resource}\n{end}"));
        var login = new DeviceLogin("localhost", HubHost.Key(identity), $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}&se={end}", null);
        return await new DeviceAuthenticator(hub.Get<ICredentialSource>(), vault ?? hub.Get<SecretVault>(), hub.Time).AuthenticateAsync(login, Token) is Verdict.Accepted;
    }
}
