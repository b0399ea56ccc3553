using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteMoveTests() : MoveSuite(null);

public sealed class PostgresMoveTests(PostgresServer server) : MoveSuite(server);

/// <summary>Devices that get another hub or another name when they register again: what goes along, what is left, and whose it is.</summary>
public abstract class MoveSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;
    private const string Twin = """ "initialTwin":{"tags":{"a":1},"properties":{"desired":{"b":2}}} """;
    private const string Second = "second.example";

    private static readonly HubName Other = HubName.Parse("second");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("true", "deviceDataMigrated", """{"a":1,"more":true}""")]
    [InlineData("false", "deviceDataReset", """{"a":1}""")]
    public async Task A_device_that_gets_another_hub_leaves_the_one_it_had_and_takes_its_twin_along_or_begins_anew(string migrates, string substatus, string tags)
    {
        await using var host = await StartAsync();
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{Twin},\"iotHubs\":[\"localhost\"]");
        await TagAsync(host, "dev-1");

        await ChangeAsync(host, "dev-1", $$$"""{{{Twin}}},"iotHubs":["{{{Second}}}"],"reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":{{{migrates}}}}""");
        var outcome = await host.RegisterAsync("dev-1", key);

        Assert.Equal((Second, substatus), (outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.substatus")));
        Assert.Equal(tags, await TagsAsync(host, "dev-1", Other));
        Assert.Equal(key, (await host.DeviceAsync("dev-1", Other))!.PrimaryKey);
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_device_that_may_not_move_stays_where_it_is()
    {
        await using var host = await StartAsync();
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{Twin},\"iotHubs\":[\"localhost\"]");

        await ChangeAsync(host, "dev-1", $$$"""{{{Twin}}},"iotHubs":["{{{Second}}}"],"reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":false}""");

        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));
        Assert.NotNull(await host.DeviceAsync("dev-1"));
        Assert.Null(await host.DeviceAsync("dev-1", Other));
    }

    [Fact]
    public async Task A_device_that_gets_another_name_takes_its_twin_along()
    {
        await using var host = await StartAsync();
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{Twin},\"iotHubs\":[\"localhost\"]");
        await TagAsync(host, "dev-1");

        await ChangeAsync(host, "dev-1", $"{Twin},\"deviceId\":\"d2\",\"iotHubs\":[\"localhost\"]");

        Assert.Equal("d2", (await host.RegisterAsync("dev-1", key)).Text("registrationState.deviceId"));
        Assert.Equal("""{"a":1,"more":true}""", await TagsAsync(host, "d2", host.Hub.Name));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_move_that_was_cut_short_before_its_record_keeps_the_twin_when_it_is_repeated()
    {
        await using var host = await StartAsync();
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{Twin},\"iotHubs\":[\"localhost\"]");
        await TagAsync(host, "dev-1");
        await ChangeAsync(host, "dev-1", $"{Twin},\"iotHubs\":[\"{Second}\"]");
        var registrar = host.Get<IDeviceRegistrar>();
        var id = DeviceId.Parse("dev-1");
        var twin = (await registrar.ReadTwinAsync(host.Hub.Name, id, Token))!.Value;
        Assert.True((await registrar.RegisterAsync(Other, "test", new ProvisionedDevice { Id = id, PrimaryKey = key, SecondaryKey = key, Twin = twin, ResetsTwin = true }, Token)).IsOk);
        Assert.True((await registrar.RemoveAsync(host.Hub.Name, "test", id, Token)).IsOk);

        var outcome = await host.RegisterAsync("dev-1", key);

        Assert.Equal((Second, "deviceDataMigrated"), (outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.substatus")));
        Assert.Equal("""{"a":1,"more":true}""", await TagsAsync(host, "dev-1", Other));
    }

    [Fact]
    public async Task Who_lost_its_device_to_another_registration_neither_takes_that_ones_twin_along_nor_removes_it()
    {
        await using var host = await StartAsync();
        var made = await host.EnrollAsync("g1", $"{Keys},\"iotHubs\":[\"localhost\"]", isGroup: true);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", ProvisioningHost.Derive(KeyOf(made), "dev-1"))).Text("status"));
        await host.AskAsync("DELETE", "/enrollmentGroups/g1");
        var key = await RegisteredAsync(host, "dev-2", $"{Keys},\"deviceId\":\"dev-1\",\"iotHubs\":[\"localhost\"]");
        await TagAsync(host, "dev-1");
        var state = await host.AskAsync("GET", "/registrations/dev-1");
        Assert.Equal(("unassigned", ""), (state.Text("status"), state.Text("deviceId")));
        Assert.Contains("registration.unassign dev-1", await host.AuditedAsync());

        var back = await host.EnrollAsync("dev-1", $"{Keys},{Twin},\"deviceId\":\"d9\",\"iotHubs\":[\"{Second}\"]");
        var outcome = await host.RegisterAsync("dev-1", KeyOf(back));

        Assert.Equal((Second, "d9", "initialAssignment"), (outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.deviceId"), outcome.Text("registrationState.substatus")));
        Assert.Equal("""{"a":1}""", await TagsAsync(host, "d9", Other));
        Assert.Equal(key, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
    }

    [Fact]
    public async Task A_record_that_still_names_the_device_of_another_is_not_believed()
    {
        await using var host = await StartAsync();
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},\"iotHubs\":[\"localhost\"]");
        await TagAsync(host, "dev-1");
        var other = await RegisteredAsync(host, "dev-2", $"{Keys},\"iotHubs\":[\"localhost\"]");
        await ExecuteAsync(host, "UPDATE registrations SET device_id = 'dev-1' WHERE id = 'dev-2'");
        await ChangeAsync(host, "dev-2", $"{Twin},\"iotHubs\":[\"{Second}\"]");

        Assert.Equal("initialAssignment", (await host.RegisterAsync("dev-2", other)).Text("registrationState.substatus"));
        Assert.Equal("""{"a":1}""", await TagsAsync(host, "dev-2", Other));
        Assert.Equal(key, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
    }

    [Fact]
    public async Task A_device_is_its_owners_also_when_somebody_had_it_before_whose_enrollment_is_gone()
    {
        await using var host = await StartAsync();
        await RegisteredAsync(host, "a", $"{Keys},\"deviceId\":\"x-dev\",\"iotHubs\":[\"localhost\"]");
        await host.AskAsync("DELETE", "/enrollments/a");
        var group = await host.EnrollAsync("g1", $"{Keys},\"iotHubs\":[\"localhost\"]", isGroup: true);
        Assert.Equal("assigned", (await host.RegisterAsync("x-dev", ProvisioningHost.Derive(KeyOf(group), "x-dev"))).Text("status"));
        await ExecuteAsync(host, "UPDATE registrations SET host_name = 'localhost', device_id = 'x-dev' WHERE id = 'a'");
        var thief = await host.EnrollAsync("b", $"{Keys},\"deviceId\":\"x-dev\",\"iotHubs\":[\"localhost\"]");

        var failed = await host.RegisterAsync("b", KeyOf(thief));

        Assert.Equal(("failed", "409204", "The device 'x-dev' belongs to another registration."), (failed.Text("status"), failed.Text("registrationState.errorCode"), failed.Text("registrationState.errorMessage")));
        Assert.Equal("assigned", (await host.RegisterAsync("x-dev", ProvisioningHost.Derive(KeyOf(group), "x-dev"))).Text("status"));
    }

    [Fact]
    public async Task A_device_id_that_an_individual_enrollment_names_waits_for_it()
    {
        await using var host = await StartAsync();
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        var named = await host.EnrollAsync("dev-2", $"{Keys},\"deviceId\":\"Dev-1\"");

        Assert.Equal("409204", (await host.RegisterAsync("dev-1", ProvisioningHost.Derive(KeyOf(group), "dev-1"))).Text("registrationState.errorCode"));
        Assert.Null(await host.DeviceAsync("dev-1"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", KeyOf(named))).Text("status"));
    }

    [Fact]
    public async Task A_group_whose_key_does_not_open_makes_no_device_without_credentials()
    {
        await using var host = await StartAsync();
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        await ExecuteAsync(host, "UPDATE enrollments SET secondary_key = (SELECT secondary_key FROM provisioning_policies LIMIT 1)");

        Assert.Equal((500, "500001"), Outcome(await host.RegisterAsync("dev-1", ProvisioningHost.Derive(KeyOf(group), "dev-1"))));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    private async Task<ProvisioningHost> StartAsync()
    {
        var host = await ProvisioningHost.StartAsync(server);
        await host.LinkAsync(Other, Second);
        return host;
    }

    private static async Task ExecuteAsync(ProvisioningHost host, string sql) => await host.Get<Database>().WriteAsync<int>(
        async (transaction, token) => await transaction.Connection.ExecuteAsync(new CommandDefinition(sql, null, transaction.Transaction, cancellationToken: token)), Token);

    private static async Task<string> RegisteredAsync(ProvisioningHost host, string id, string enrollment)
    {
        var key = KeyOf(await host.EnrollAsync(id, enrollment));
        Assert.Equal("assigned", (await host.RegisterAsync(id, key)).Text("status"));
        return key;
    }

    private static async Task ChangeAsync(ProvisioningHost host, string id, string rest) =>
        Assert.Equal(200, (await host.AskAsync("PUT", $"/enrollments/{id}", $$"""{{{Keys}},{{rest}}}""", "*")).Code);

    private static async Task TagAsync(ProvisioningHost host, string device) =>
        Assert.True((await host.Get<Twins>().UpdateAsync(host.Hub.Name, "test", new IdentityKey(DeviceId.Parse(device)), TwinUpdate.Patch("""{"tags":{"more":true}}"""u8).Value, IfMatch.Absent, Token)).IsOk);

    private static async Task<string> TagsAsync(ProvisioningHost host, string device, HubName hub) =>
        JsonNode.Parse((await host.Get<Twins>().GetAsync(hub, new IdentityKey(DeviceId.Parse(device)), Token)).Value.Tags.Span)!.ToJsonString();

    private static string KeyOf(JsonNode made) => made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
