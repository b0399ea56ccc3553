using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Rotation;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Rotation;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.PlanSteps;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteKeyRotationTests() : KeyRotationSuite(null);

public sealed class PostgresKeyRotationTests(PostgresServer server) : KeyRotationSuite(server);

/// <summary>Plans for the keys of groups, individual enrollments and policies of a service: what becomes of them at the service and of what came from them at the hub.</summary>
public abstract class KeyRotationSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;
    private const string Primary = "primaryKey";
    private const string Secondary = "secondaryKey";

    private static readonly ClientTraits Client = new() { Protocol = "mqtt", TlsVersion = "1.3" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_groups_keys_are_replaced_while_its_devices_move_and_nothing_that_came_from_the_old_ones_lives_on_at_the_hub()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var before = await GroupAsync(host, "dev-1", "dev-2");
        await UsedAtHubAsync(host, "dev-1", Primary);
        await UsedAtHubAsync(host, "dev-2", Primary);
        var plan = await StartedAsync(host, "group-key", "g1");
        Assert.Equal((Secondary, "running"), (plan.Text("firstKey"), plan.Text("state")));

        await LookAsync(host, 7);
        var renewed = await KeysAsync(host);
        Assert.Equal((KeyOf(before, Primary), false), (KeyOf(renewed, Primary), KeyOf(before, Secondary) == KeyOf(renewed, Secondary)));
        await LookAsync(host, 7);
        Assert.Contains("Nobody has used the new secondary key", await MessageAsync(host, plan), StringComparison.Ordinal);
        var standing = await PrincipalAsync(host, "dev-1", Primary);
        await RollAsync(host);
        foreach (var id in new[] { "dev-1", "dev-2" })
        {
            var device = (await host.DeviceAsync(id))!;
            Assert.Equal((Derived(before, Primary, id), Derived(renewed, Secondary, id)), (device.PrimaryKey, device.SecondaryKey));
        }

        // Whoever is connected by the other key is not touched.
        Assert.Equal(standing.CredentialMark, (await PrincipalAsync(host, "dev-1", Primary)).CredentialMark);

        await UsedAtHubAsync(host, "dev-1", Secondary);
        using (host.Get<ICredentialUses>().Attach(new Sessions(await PrincipalAsync(host, "dev-2", Primary))))
        {
            await LookAsync(host, 20);
            Assert.Contains("1 are connected by the primary key", await MessageAsync(host, plan), StringComparison.Ordinal);
            Assert.Equal(["dev-2"], Connected(await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/primaryKey")));
        }

        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", Derived(renewed, Secondary, "dev-2"))).Text("status"));
        await UsedAtHubAsync(host, "dev-2", Secondary);
        await LookAsync(host, 7);
        Assert.Equal("done", (await FindAsync(host, plan)).Text("state"));
        await RollAsync(host);
        var after = await KeysAsync(host);
        foreach (var id in new[] { "dev-1", "dev-2" })
        {
            var device = (await host.DeviceAsync(id))!;
            Assert.Equal((Derived(after, Primary, id), Derived(renewed, Secondary, id)), (device.PrimaryKey, device.SecondaryKey));
            Assert.Equal(401, (await host.RegisterAsync(id, Derived(before, Primary, id))).Code);
        }

        Assert.Equal("0", (await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/primaryKey")).Text("hubs.outdated"));
        var audited = await host.AuditedAsync();
        string[] expected = [$"rotation.create {plan.Text("id")}", $"rotation.start {plan.Text("id")}", "enrollmentgroup.regenerate-key g1", $"rotation.renew {plan.Text("id")}", $"rotation.done {plan.Text("id")}"];
        Assert.Equal(expected, audited.Where(each => each.StartsWith("rotation.", StringComparison.Ordinal) || each.Contains("regenerate", StringComparison.Ordinal)).Distinct());
    }

    [Fact]
    public async Task The_time_for_the_move_over_who_has_not_moved_is_named_before_and_refused_after()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var before = await GroupAsync(host, "dev-1", "dev-2");
        await UsedAtHubAsync(host, "dev-1", Primary);
        var plan = await StartedAsync(host, "group-key", "G1", """,  "atLatestSeconds":120 """);
        await LookAsync(host, 7);
        await RollAsync(host);
        await UsedAtHubAsync(host, "dev-1", Secondary);
        using (host.Get<ICredentialUses>().Attach(new Sessions(await PrincipalAsync(host, "dev-2", Primary))))
        {
            await LookAsync(host, 9);
            Assert.Equal("running", (await FindAsync(host, plan)).Text("state"));
            Assert.Equal(["dev-2"], Connected(await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/primaryKey")));
            await LookAsync(host, 5);
        }

        Assert.Equal("done", (await FindAsync(host, plan)).Text("state"));
        Assert.Contains("1 that stood on the old key", await MessageAsync(host, plan), StringComparison.Ordinal);
        await RollAsync(host);
        Assert.Equal(401, (await host.RegisterAsync("dev-2", Derived(before, Primary, "dev-2"))).Code);
        Assert.NotEqual(Derived(before, Primary, "dev-2"), (await host.DeviceAsync("dev-2"))!.PrimaryKey);
    }

    [Fact]
    public async Task Devices_that_were_never_seen_keep_the_old_key_until_somebody_comes_by_the_new_one()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await GroupAsync(host, "dev-1");
        await host.Get<Database>().WriteAsync<bool>(
            async (write, cancel) =>
            {
                await write.Connection.ExecuteAsync(new CommandDefinition("DELETE FROM provisioning_uses", transaction: write.Transaction, cancellationToken: cancel));
                return true;
            },
            Token);
        var plan = await StartedAsync(host, "group-key", "g1", ""","firstKey":"secondaryKey","atLatestSeconds":60 """);

        await LookAsync(host, 40);

        Assert.Equal("running", (await FindAsync(host, plan)).Text("state"));
        Assert.Contains("Nobody has used the new secondary key", await MessageAsync(host, plan), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_old_key_waits_until_the_new_one_is_at_the_hub_and_a_crash_in_between_is_made_good()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await GroupAsync(host, "dev-1");
        var plan = await StartedAsync(host, "group-key", "g1", ""","firstKey":"secondaryKey" """);
        await LookAsync(host, 7);
        var renewed = await KeysAsync(host);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", Derived(renewed, Secondary, "dev-2"))).Text("status"));
        await LookAsync(host, 8);
        Assert.Contains("still being written to devices", await MessageAsync(host, plan), StringComparison.Ordinal);

        var rolls = host.Get<KeyRolls>();
        rolls.BeforeNote = () => throw new IOException("crash");
        await Assert.ThrowsAsync<AggregateException>(() => rolls.RunAsync(Token));
        Assert.Equal(Derived(renewed, Secondary, "dev-1"), (await host.DeviceAsync("dev-1"))!.SecondaryKey);
        Assert.Equal("1", (await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/secondaryKey")).Text("hubs.outdated"));
        rolls.BeforeNote = null;

        // Another node waits until the lease of the one that crashed is over.
        var other = OtherNode(host);
        await other.RunAsync(Token);
        Assert.Equal("1", (await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/secondaryKey")).Text("hubs.outdated"));
        host.Time.Advance(TimeSpan.FromSeconds(61));
        await other.RunAsync(Token);
        Assert.Equal("0", (await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/secondaryKey")).Text("hubs.outdated"));
        Assert.Single(await UpdatesAsync(host, "dev-1"));
        await LookAsync(host, 8);
        Assert.Equal("done", (await FindAsync(host, plan)).Text("state"));
    }

    [Fact]
    public async Task A_registration_that_was_under_way_with_the_old_key_is_found_by_the_second_pass_and_a_key_that_somebody_else_gave_stays()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var before = await GroupAsync(host, "dev-1", "dev-2");
        await PutKeysAsync(host, "dev-2", Derived(before, Primary, "dev-2"), Convert.ToBase64String(new byte[32]));
        await StartedAsync(host, "group-key", "g1", ""","firstKey":"secondaryKey" """);
        await LookAsync(host, 7);
        await RollAsync(host);
        var renewed = await KeysAsync(host);
        await PutKeysAsync(host, "dev-1", Derived(before, Primary, "dev-1"), Derived(before, Secondary, "dev-1"));

        await RollAsync(host);
        Assert.Equal(Derived(before, Secondary, "dev-1"), (await host.DeviceAsync("dev-1"))!.SecondaryKey);
        host.Time.Advance(TimeSpan.FromMinutes(3));
        await RollAsync(host);

        Assert.Equal(Derived(renewed, Secondary, "dev-1"), (await host.DeviceAsync("dev-1"))!.SecondaryKey);
        Assert.Equal(Convert.ToBase64String(new byte[32]), (await host.DeviceAsync("dev-2"))!.SecondaryKey);
        Assert.Equal(0, await OpenRollsAsync(host));
    }

    [Fact]
    public async Task More_devices_than_one_batch_get_their_keys_whatever_the_case_of_their_ids()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var ids = Enumerable.Range(0, 103).Select(each => string.Create(CultureInfo.InvariantCulture, $"Dev-{each}")).ToArray();
        var before = await GroupAsync(host, ids);
        Assert.Equal("assigned", (await host.RegisterAsync("DEV-0", Derived(before, Primary, "DEV-0"))).Text("status"));
        await StartedAsync(host, "group-key", "g1", ""","firstKey":"secondaryKey" """);
        await LookAsync(host, 7);

        await RollAsync(host);

        var renewed = await KeysAsync(host);
        foreach (var id in ids.Skip(1))
        {
            Assert.Equal(Derived(renewed, Secondary, id), (await host.DeviceAsync(id))!.SecondaryKey);
        }

        Assert.Equal(Derived(renewed, Secondary, "DEV-0"), (await host.DeviceAsync("Dev-0"))!.SecondaryKey);
        Assert.Equal("0", (await host.AskAsync("GET", "/credentialUses/users?credential=enrollment-group/g1/secondaryKey&max=1")).Text("hubs.outdated"));
    }

    [Fact]
    public async Task What_is_wrong_with_one_roll_does_not_keep_the_others_waiting()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await GroupAsync(host, "dev-1");
        var made = await host.EnrollAsync("dev-2", Keys);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", KeyOf(made, Primary))).Text("status"));
        await StartedAsync(host, "group-key", "g1", ""","firstKey":"secondaryKey" """);
        await StartedAsync(host, "enrollment-key", "dev-2", ""","firstKey":"secondaryKey" """);
        await LookAsync(host, 7);
        await host.Get<Database>().WriteAsync<bool>(
            async (write, cancel) =>
            {
                // A key that does not open.
                await write.Connection.ExecuteAsync(new CommandDefinition("UPDATE provisioning_key_rolls SET old_key = @key, due = 0 WHERE kind = 1", new { key = new byte[64] }, write.Transaction, cancellationToken: cancel));
                return true;
            },
            Token);

        var told = await Assert.ThrowsAsync<AggregateException>(() => host.Get<KeyRolls>().RunAsync(Token));

        Assert.IsType<KeysException>(Assert.Single(told.InnerExceptions));
        Assert.NotEqual(KeyOf(made, Secondary), (await host.DeviceAsync("dev-2"))!.SecondaryKey);
        Assert.Equal(2, await OpenRollsAsync(host));
    }

    [Fact]
    public async Task An_individual_enrollments_key_is_replaced_at_its_hub_too()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("Dev-1", Keys);
        Assert.Equal("assigned", (await host.RegisterAsync("Dev-1", KeyOf(made, Primary))).Text("status"));
        var plan = await StartedAsync(host, "enrollment-key", "dev-1");
        await LookAsync(host, 7);
        await RollAsync(host);
        var renewed = (await host.AskAsync("POST", "/enrollments/dev-1/attestationmechanism")).Body!["symmetricKey"]!;
        Assert.Equal(((string)renewed[Primary]!, (string)renewed[Secondary]!), ((await host.DeviceAsync("Dev-1"))!.PrimaryKey, (await host.DeviceAsync("Dev-1"))!.SecondaryKey));
        Assert.NotEqual(KeyOf(made, Secondary), (string)renewed[Secondary]!);

        await UsedAtHubAsync(host, "Dev-1", Secondary);
        await LookAsync(host, 8);
        Assert.Equal(("Dev-1", "done"), (plan.Text("subject"), (await FindAsync(host, plan)).Text("state")));
        await RollAsync(host);
        Assert.NotEqual(KeyOf(made, Primary), (await host.DeviceAsync("Dev-1"))!.PrimaryKey);
        Assert.Equal(401, (await host.RegisterAsync("Dev-1", KeyOf(made, Primary))).Code);
    }

    [Fact]
    public async Task A_plan_ends_when_somebody_else_changes_the_keys_or_deletes_the_group_and_there_is_one_at_a_time()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await GroupAsync(host, "dev-1");
        var plan = await StartedAsync(host, "group-key", "g1");
        Assert.Equal(409, (await CreateAsync(host, "group-key", "g1")).Code);
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g1", $$$$"""{"enrollmentGroupId":"g1","initialTwin":{"tags":{"a":1}},{{{{Keys}}}}}""", "*")).Code);
        await LookAsync(host, 1);
        Assert.Equal("running", (await FindAsync(host, plan)).Text("state"));

        await host.AskAsync("PUT", "/enrollmentGroups/g1", $$$$"""{"enrollmentGroupId":"g1","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"{{{{Convert.ToBase64String(new byte[64])}}}}"}}}""", "*");
        await LookAsync(host, 1);
        Assert.Contains("changed by somebody else", await MessageAsync(host, plan), StringComparison.Ordinal);

        var second = await StartedAsync(host, "group-key", "g1");
        await LookAsync(host, 7);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollmentGroups/g1", ifMatch: "*")).Code);
        await LookAsync(host, 1);
        Assert.Contains("deleted", await MessageAsync(host, second), StringComparison.Ordinal);
        await RollAsync(host);
        Assert.Equal(0, await OpenRollsAsync(host));
    }

    [Fact]
    public async Task What_cannot_be_rotated_is_refused_and_plans_of_a_hub_and_of_a_service_do_not_meet()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        await host.EnrollAsync("x", EnrollmentSuite.Signers(root.Base64), isGroup: true);
        await GroupAsync(host, "dev-1");
        Assert.Equal(400, (await CreateAsync(host, "group-key", "x")).Code);
        Assert.Equal(404, (await CreateAsync(host, "group-key", "none")).Code);
        Assert.Equal(404, (await CreateAsync(host, "enrollment-key", "bad id")).Code);
        Assert.Equal(400, (await CreateAsync(host, "policy-key", "service")).Code);
        Assert.Equal(400, (await CreateAsync(host, "group-key", "g1", ""","unusedForSeconds":9""")).Code);
        var drill = await host.AskAsync("POST", "/rotations?drill=true", """{"kind":"group-key","subject":"g1"}""");
        Assert.Equal((200, ""), (drill.Code, drill.Text("id")));
        Assert.Empty((await host.AskAsync("GET", "/rotations")).Body!["value"]!.AsArray());

        var plan = await StartedAsync(host, "group-key", "g1");
        var ofHub = host.Get<Hub.Rotation.Rotations>();
        Assert.Empty(await ofHub.ListAsync(host.Instance.Name, Token));
        Assert.False((await ofHub.CancelAsync(host.Instance.Name, plan.Text("id"), "x", Token)).IsOk);
        Assert.False((await ofHub.CreateAsync(host.Hub.Name, new RotationInput { Kind = "group-key", Subject = "g1" }, false, "x", Token)).IsOk);
        Assert.Equal(400, (await host.AskAsync("POST", $"/rotations/{plan.Text("id")}?change=begin")).Code);
        Assert.Equal("paused", (await ChangeAsync(host, plan, "pause")).Text("state"));
        Assert.Equal("running", (await ChangeAsync(host, plan, "resume")).Text("state"));
        Assert.Equal("cancelled", (await ChangeAsync(host, plan, "cancel")).Text("state"));

        // What devices in hubs of other servers use cannot be known.
        await host.Get<Database>().WriteAsync<bool>(
            async (write, cancel) =>
            {
                await LinkedHubRows.InsertAsync(write, host.Instance.Name, new LinkedHub("far.example", null, 1, Applies: false) { Connection = host.Get<SecretVault>().Seal([1], "x") }, cancel);
                await write.Connection.ExecuteAsync(new CommandDefinition("UPDATE registrations SET host_name = 'far.example'", transaction: write.Transaction, cancellationToken: cancel));
                return true;
            },
            Token);
        var refused = await CreateAsync(host, "group-key", "g1");
        Assert.Equal(400, refused.Code);
        Assert.Contains("1 devices of it are in hubs of other servers", refused.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policys_keys_are_rotated_by_who_holds_all_its_rights()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await host.AskAsync("PUT", "/authorizationPolicies/line", """{"rights":"RegistrationStatusRead"}""");
        await host.AskAsync("PUT", "/authorizationPolicies/writer", """{"rights":"EnrollmentWrite, ServiceConfig"}""");
        var before = (await host.AskAsync("POST", "/authorizationPolicies/line/listkeys")).Body!;
        var token = host.Sign("localhost", (await host.AskAsync("POST", "/authorizationPolicies/writer/listkeys")).Text(Primary), "writer");
        Assert.Equal(401, (await host.SendAsync("POST", "/rotations?api-version=2021-10-01", token, """{"kind":"provisioning-policy-key","subject":"line"}""")).Code);
        await ReadAsync(Primary, before);
        var plan = await StartedAsync(host, "provisioning-policy-key", "LINE");
        Assert.Equal(("line", Secondary), (plan.Text("subject"), plan.Text("firstKey")));
        Assert.Equal(401, (await host.SendAsync("POST", $"/rotations/{plan.Text("id")}?change=cancel&api-version=2021-10-01", token)).Code);

        await LookAsync(host, 7);
        var renewed = (await host.AskAsync("POST", "/authorizationPolicies/line/listkeys")).Body!;
        await LookAsync(host, 20);
        Assert.Contains("Nobody has used the new secondary key", await MessageAsync(host, plan), StringComparison.Ordinal);
        await ReadAsync(Secondary, renewed);
        await LookAsync(host, 7);
        Assert.Equal("done", (await FindAsync(host, plan)).Text("state"));
        var after = (await host.AskAsync("POST", "/authorizationPolicies/line/listkeys")).Body!;
        Assert.NotEqual((string)before[Primary]!, (string)after[Primary]!);
        Assert.Equal((string)renewed[Secondary]!, (string)after[Secondary]!);

        async Task ReadAsync(string slot, JsonNode keys) =>
            Assert.Equal(404, (await host.SendAsync("GET", "/registrations/none?api-version=2021-10-01", host.Sign("localhost", (string)keys[slot]!, "line"))).Code);
    }

    private static async Task<JsonNode> GroupAsync(ProvisioningHost host, params string[] devices)
    {
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        foreach (var id in devices)
        {
            Assert.Equal("assigned", (await host.RegisterAsync(id, ProvisioningHost.Derive((string)group["attestation"]!["symmetricKey"]![Primary]!, id))).Text("status"));
        }

        return group["attestation"]!["symmetricKey"]!;
    }

    private static string KeyOf(JsonNode keys, string slot) => (string)(keys[slot] ?? keys["attestation"]!["symmetricKey"]![slot])!;

    private static string Derived(JsonNode keys, string slot, string id) => ProvisioningHost.Derive(KeyOf(keys, slot), id);

    private static async Task<JsonNode> KeysAsync(ProvisioningHost host) => (await host.AskAsync("POST", "/enrollmentGroups/g1/attestationmechanism")).Body!["symmetricKey"]!;

    private static Task RollAsync(ProvisioningHost host) => host.Get<KeyRolls>().RunAsync(Token);

    private static KeyRolls OtherNode(ProvisioningHost host) =>
        new(host.Get<Database>(), host.Get<AllocationRules>(), host.Get<IDeviceKeyRolls>(), host.Get<SecretVault>(), host.Get<ProvisioningOptions>(), host.Time);

    private static Task<long> OpenRollsAsync(ProvisioningHost host) =>
        host.Get<Database>().ReadAsync((connection, cancel) => connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM provisioning_key_rolls", cancellationToken: cancel)), Token);

    private static async Task<List<string>> UpdatesAsync(ProvisioningHost host, string device) =>
        [.. (await host.Get<AuditLog>().ReadAsync(host.Hub.Name.Value, 0, 1000, Token)).Where(each => each.Fields.Action == "device.update" && each.Fields.Subject == device).Select(each => each.Fields.Actor)];

    private static List<string> Connected(ProvisioningHost.Answer users) =>
        [.. users.Body!["value"]!.AsArray().Where(each => (bool?)each!["hub"]?["isConnected"] == true).Select(each => (string)each!["registrationId"]!)];

    private static async Task PutKeysAsync(ProvisioningHost host, string device, string primary, string secondary) => Assert.True(
        (await host.Get<IDeviceRegistrar>().RegisterAsync(host.Hub.Name, "test", new ProvisionedDevice { Id = DeviceId.Parse(device), PrimaryKey = primary, SecondaryKey = secondary }, Token)).IsOk);

    private static async Task UsedAtHubAsync(ProvisioningHost host, string device, string credential) => host.Get<ICredentialUses>().Used(await PrincipalAsync(host, device, credential), Client);

    /// <summary>As Identity makes it.</summary>
    private static async Task<Principal> PrincipalAsync(ProvisioningHost host, string device, string credential)
    {
        // What is remembered of it may be from before the last change.
        host.Time.Advance(TimeSpan.FromMilliseconds(1));
        var (registered, row) = (
            (await host.Get<ICredentialSource>().FindIdentityAsync(host.Hub.Name, new IdentityKey(DeviceId.Parse(device)), Token))!,
            await host.Get<Database>().ReadAsync(
                (connection, cancel) => connection.QuerySingleAsync<Sealed>(new CommandDefinition(
                    "SELECT primary_key AS PrimaryKey, secondary_key AS SecondaryKey FROM identities WHERE hub = @hub AND device_id = @device AND module_id = ''", new { hub = host.Hub.Name.Value, device }, cancellationToken: cancel)),
                Token));
        return new Principal
        {
            Hub = host.Hub.Name,
            Identity = registered.Identity,
            Rights = Rights.DeviceConnect,
            Method = AuthenticationMethod.IdentityKey,
            Credential = credential,
            CredentialName = credential,
            CredentialMark = new SealedSecret(credential == Primary ? row.PrimaryKey : row.SecondaryKey).Mark,
            GenerationId = registered.GenerationId,
        };
    }

    private sealed class Sealed
    {
        public byte[] PrimaryKey { get; init; } = [];

        public byte[] SecondaryKey { get; init; } = [];
    }

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.3"))];
    }
}
