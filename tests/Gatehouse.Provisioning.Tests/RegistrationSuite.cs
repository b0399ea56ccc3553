using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Hub.Twins;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteRegistrationTests() : RegistrationSuite(null);

public sealed class PostgresRegistrationTests(PostgresServer server) : RegistrationSuite(server);

/// <summary>Devices attest with keys, get a hub and its credentials; registering again follows the enrollment's policy; what is blocked stays out.</summary>
public abstract class RegistrationSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_with_its_own_key_is_put_into_its_hub_with_both_keys_and_its_first_twin()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("dev-1", $$$$"""{{{{Keys}}}},"deviceId":"d1","capabilities":{"iotEdge":true},"initialTwin":{"tags":{"a":1},"properties":{"desired":{"b":2}}}""");

        var outcome = await host.RegisterAsync("dev-1", KeyOf(made, "secondaryKey"));

        Assert.Equal((200, "assigned"), (outcome.Code, outcome.Text("status")));
        Assert.Equal(("dev-1", "localhost", "d1", "assigned", "initialAssignment"), (
            outcome.Text("registrationState.registrationId"), outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.deviceId"),
            outcome.Text("registrationState.status"), outcome.Text("registrationState.substatus")));
        var device = (await host.DeviceAsync("d1"))!;
        Assert.Equal((KeyOf(made, "primaryKey"), KeyOf(made, "secondaryKey"), true), (device.PrimaryKey, device.SecondaryKey, device.IsEdge));
        var twin = await TwinAsync(host, "d1");
        Assert.Equal(("""{"a":1}""", """{"b":2}"""), twin);
        Assert.Equal("assigned", (await host.AskAsync("GET", "/registrations/dev-1")).Text("status"));
        Assert.Equal("d1", (await host.AskAsync("GET", "/enrollments/dev-1")).Text("registrationState.deviceId"));
        Assert.Contains("registration.assign dev-1", await host.AuditedAsync());
    }

    [Fact]
    public async Task A_device_of_a_group_proves_itself_with_a_key_derived_from_either_of_the_groups_keys_and_never_with_the_groups_own()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await host.EnrollAsync("g0", Keys, isGroup: true);
        var made = await host.EnrollAsync("g1", Keys, isGroup: true);
        var (primary, secondary) = (KeyOf(made, "primaryKey"), KeyOf(made, "secondaryKey"));

        var first = await host.RegisterAsync("dev-1", ProvisioningHost.Derive(primary, "dev-1"));
        var second = await host.RegisterAsync("dev-2", ProvisioningHost.Derive(secondary, "dev-2"));

        Assert.Equal(("assigned", "g1"), (first.Text("status"), first.Text("registrationState.symmetricKey.enrollmentGroupId")));
        Assert.Equal("assigned", second.Text("status"));
        Assert.Equal(ProvisioningHost.Derive(primary, "dev-1"), (await host.DeviceAsync("dev-1"))!.PrimaryKey);
        Assert.Equal(ProvisioningHost.Derive(secondary, "dev-1"), (await host.DeviceAsync("dev-1"))!.SecondaryKey);
        Assert.Equal(401, (await host.RegisterAsync("dev-3", primary)).Code);
        Assert.Equal(401, (await host.RegisterAsync("dev-3", ProvisioningHost.Derive(primary, "dev-1"))).Code);
        Assert.Null(await host.DeviceAsync("dev-3"));
        var states = await host.AskAsync("POST", "/registrations/G1/query", "{}", null, ("x-ms-max-item-count", "1"));
        Assert.Equal(("deviceRegistration", "dev-1"), (states.Headers["x-ms-item-type"], states.Body![0]!["registrationId"]!.GetValue<string>()));
        states = await host.AskAsync("POST", "/registrations/G1/query", null, null, ("x-ms-continuation", states.Headers["x-ms-continuation"]));
        Assert.Equal(["dev-2"], states.Body!.AsArray().Select(state => state!["registrationId"]!.GetValue<string>()));
        Assert.DoesNotContain("x-ms-continuation", states.Headers.Keys);
    }

    [Fact]
    public async Task A_hub_that_derives_the_keys_of_its_devices_refuses_those_of_enrollments_and_the_record_says_so()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var known = KeyOf(await host.EnrollAsync("dev-1", Keys), "primaryKey");
        await host.RegisterAsync("dev-1", known);
        await ProvisioningHost.DeriveKeysAsync(host.Get<StrictModeRules>(), host.Hub.Name);

        var refused = await host.RegisterAsync("dev-2", KeyOf(await host.EnrollAsync("dev-2", Keys), "primaryKey"));
        Assert.Equal("failed", refused.Text("status"));
        Assert.Null(await host.DeviceAsync("dev-2"));
        var record = await host.AskAsync("GET", "/registrations/dev-2");
        Assert.Equal("failed", record.Text("status"));
        foreach (var words in new[] { "did not take the device: it answered ArgumentInvalid", "takes no keys that others have made" })
        {
            Assert.Contains(words, record.Text("errorMessage"), StringComparison.Ordinal);
        }

        // Who has the same keys there goes on.
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", known)).Text("status"));
        Assert.Equal(known, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
    }

    [Fact]
    public async Task A_record_says_by_which_key_of_which_version_of_its_enrollment_a_device_came_and_its_device_is_not_told()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("dev-1", Keys);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);

        var told = await host.RegisterAsync("dev-1", KeyOf(made, "secondaryKey"));
        await host.RegisterAsync("dev-2", ProvisioningHost.Derive(KeyOf(group, "primaryKey"), "dev-2"));

        Assert.Equal("", told.Text("registrationState.provedBy"));
        Assert.Equal(("secondary", made["etag"]!.GetValue<string>()), ProvedBy(await host.AskAsync("GET", "/registrations/dev-1")));
        Assert.Equal(("primary", group["etag"]!.GetValue<string>()), ProvedBy(await host.AskAsync("GET", "/registrations/dev-2")));
        var changed = await host.AskAsync("PUT", "/enrollments/dev-1", $"{{{Keys}}}", "*");
        Assert.Equal(("secondary", made["etag"]!.GetValue<string>()), ProvedBy(await host.AskAsync("GET", "/registrations/dev-1")));
        await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"));
        Assert.Equal(("primary", changed.Text("etag")), ProvedBy(await host.AskAsync("GET", "/registrations/dev-1")));
        var audited = (await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token)).Where(entry => entry.Fields is { Action: "registration.assign", Subject: "dev-1" });
        Assert.Equal(["secondary", "primary"], audited.Select(entry => JsonNode.Parse(entry.Fields.Detail!)!["credential"]!.GetValue<string>()));

        static (string, string) ProvedBy(ProvisioningHost.Answer state) => (state.Text("provedBy.credential"), state.Text("provedBy.enrollmentEtag"));
    }

    [Fact]
    public async Task Rolling_a_key_works_while_the_other_one_serves()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("dev-1", Keys);
        await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"));
        var fresh = Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray());

        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$$$"""{"attestation":{"type":"symmetricKey","symmetricKey":{"secondaryKey":"{{{{fresh}}}}"}}}""", "*")).Code);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", fresh)).Text("status"));
        Assert.Equal(fresh, (await host.DeviceAsync("dev-1"))!.SecondaryKey);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"))).Text("status"));
        Assert.Equal(401, (await host.RegisterAsync("dev-1", KeyOf(made, "secondaryKey"))).Code);
    }

    [Fact]
    public async Task A_disabled_individual_enrollment_blocks_one_device_of_a_group_and_a_disabled_group_all()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("g1", Keys, isGroup: true);
        var (one, two) = (ProvisioningHost.Derive(KeyOf(made, "primaryKey"), "dev-1"), ProvisioningHost.Derive(KeyOf(made, "primaryKey"), "dev-2"));
        await host.RegisterAsync("dev-1", one);
        await host.EnrollAsync("dev-1", $$$""" "provisioningStatus":"disabled","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"{{{one}}}"}} """);

        var refused = await host.RegisterAsync("dev-1", one);

        Assert.Equal((401, "401002", "Unauthorized"), (refused.Code, refused.Text("errorCode"), refused.Text("message")));
        Assert.Equal("disabled", (await host.AskAsync("GET", "/registrations/dev-1")).Text("status"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", two)).Text("status"));
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g1", $$"""{"provisioningStatus":"disabled",{{Keys}}}""", "*")).Code);
        Assert.Equal(401, (await host.RegisterAsync("dev-2", two)).Code);
        Assert.Equal([RefusalReason.IdentityDisabled, RefusalReason.IdentityDisabled], host.Refusals.Select(refusal => refusal.Reason));
    }

    [Fact]
    public async Task Registering_again_leaves_the_twin_alone_or_resets_it_as_the_policy_says()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        const string Twin = """ "initialTwin":{"tags":{"a":1},"properties":{"desired":{"b":2}}} """;
        var kept = await host.EnrollAsync("dev-1", $"{Keys},{Twin}");
        var reset = await host.EnrollAsync("dev-2", $$$"""{{{Keys}}},{{{Twin}}},"reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":false}""");
        var never = await host.EnrollAsync("dev-3", $$$"""{{{Keys}}},{{{Twin}}},"reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":false}""");
        foreach (var (id, made) in new[] { ("dev-1", kept), ("dev-2", reset), ("dev-3", never) })
        {
            await host.RegisterAsync(id, KeyOf(made, "primaryKey"));
            await host.Get<Twins>().UpdateAsync(host.Hub.Name, "test", new IdentityKey(DeviceId.Parse(id)), TwinUpdate.Patch("""{"tags":{"more":true}}"""u8).Value, IfMatch.Absent, Token);
        }

        Assert.Equal("initialAssignment", (await host.RegisterAsync("dev-1", KeyOf(kept, "primaryKey"))).Text("registrationState.substatus"));
        Assert.Equal("deviceDataReset", (await host.RegisterAsync("dev-2", KeyOf(reset, "primaryKey"))).Text("registrationState.substatus"));
        Assert.Equal("initialAssignment", (await host.RegisterAsync("dev-3", KeyOf(never, "primaryKey"))).Text("registrationState.substatus"));
        Assert.Equal("""{"a":1,"more":true}""", (await TwinAsync(host, "dev-1")).Tags);
        Assert.Equal("""{"a":1}""", (await TwinAsync(host, "dev-2")).Tags);
        Assert.Equal("""{"a":1,"more":true}""", (await TwinAsync(host, "dev-3")).Tags);
    }

    [Fact]
    public async Task A_device_that_an_operator_disabled_in_its_hub_does_not_come_back_by_registering_again()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("dev-1", Keys);
        await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"));
        var input = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("dev-1")), Status = "disabled" };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub.Name, "test", input, IfMatch.Any, Token)).IsOk);

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"))).Text("status"));

        Assert.False((await host.DeviceAsync("dev-1"))!.IsEnabled);
    }

    [Fact]
    public async Task Nobody_takes_over_the_device_of_another_registration_while_its_enrollment_is_there()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", ProvisioningHost.Derive(KeyOf(group, "primaryKey"), "dev-1"))).Text("status"));
        var thief = await host.EnrollAsync("dev-2", $$"""{{Keys}},"deviceId":"dev-1" """);
        var key = (await host.DeviceAsync("dev-1"))!.PrimaryKey;

        var failed = await host.RegisterAsync("dev-2", KeyOf(thief, "primaryKey"));

        Assert.Equal((200, "failed", "409204"), (failed.Code, failed.Text("status"), failed.Text("registrationState.errorCode")));
        Assert.Equal(key, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
        await host.AskAsync("DELETE", "/enrollmentGroups/g1");
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", KeyOf(thief, "primaryKey"))).Text("status"));
    }

    [Fact]
    public async Task A_full_hub_fails_the_registration_and_it_can_be_tried_again()
    {
        await using var host = await ProvisioningHost.StartAsync(server, hub: new() { Registry = new() { MaxIdentities = 1 } });
        var (first, second) = (await host.EnrollAsync("dev-1", Keys), await host.EnrollAsync("dev-2", Keys));
        await host.RegisterAsync("dev-1", KeyOf(first, "primaryKey"));

        var failed = await host.RegisterAsync("dev-2", KeyOf(second, "primaryKey"));

        Assert.Equal(("failed", "400209", ""), (failed.Text("status"), failed.Text("registrationState.errorCode"), failed.Text("registrationState.assignedHub")));
        await host.Get<IdentityRegistry>().DeleteAsync(host.Hub.Name, "test", new IdentityKey(DeviceId.Parse("dev-1")), IfMatch.Any, Token);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", KeyOf(second, "primaryKey"))).Text("status"));
    }

    [Fact]
    public async Task A_record_is_forgotten_when_it_is_deleted_and_outlives_its_enrollment()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("Dev-1", Keys);
        await host.RegisterAsync("Dev-1", KeyOf(made, "primaryKey"));
        await host.AskAsync("DELETE", "/enrollments/dev-1");

        var state = await host.AskAsync("GET", "/registrations/dev-1");
        Assert.Equal((200, "Dev-1"), (state.Code, state.Text("registrationId")));
        Assert.Equal(401, (await host.RegisterAsync("Dev-1", KeyOf(made, "primaryKey"))).Code);
        Assert.Equal(412, (await host.AskAsync("DELETE", "/registrations/dev-1", ifMatch: "\"stale\"")).Code);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/registrations/dev-1", ifMatch: state.Text("etag"))).Code);
        Assert.Equal((404, "404202"), ((await host.AskAsync("GET", "/registrations/dev-1")).Code, (await host.AskAsync("GET", "/registrations/dev-1")).Text("errorCode")));
        Assert.NotNull(await host.DeviceAsync("Dev-1"));
    }

    [Fact]
    public async Task Many_devices_that_come_at_once_are_all_assigned()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxConcurrentRegistrations = 4 });
        var key = KeyOf(await host.EnrollAsync("g1", Keys, isGroup: true), "primaryKey");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(index => host.RegisterAsync($"dev-{index}", ProvisioningHost.Derive(key, $"dev-{index}"))));

        Assert.All(outcomes, outcome => Assert.Equal("assigned", outcome.Text("status")));
        Assert.Equal(40, (await host.Get<RegistryStatistics>().ReadAsync(host.Hub.Name, Token)).Value.Total);
    }

    [Fact]
    public async Task An_edge_device_that_an_operator_made_one_stays_one_when_it_registers_again()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("dev-1", Keys);
        await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"));
        var input = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("dev-1")), IsEdge = true };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub.Name, "test", input, IfMatch.Any, Token)).IsOk);

        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"))).Text("status"));

        Assert.True((await host.DeviceAsync("dev-1"))!.IsEdge);
    }

    private static string KeyOf(JsonNode made, string which) => made["attestation"]!["symmetricKey"]![which]!.GetValue<string>();

    private static async Task<(string Tags, string Desired)> TwinAsync(ProvisioningHost host, string id)
    {
        var twin = (await host.Get<Twins>().GetAsync(host.Hub.Name, new IdentityKey(DeviceId.Parse(id)), Token)).Value;
        return (JsonNode.Parse(twin.Tags.Span)!.ToJsonString(), JsonNode.Parse(twin.Desired.Json.Span)!.ToJsonString());
    }
}
