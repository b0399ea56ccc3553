using Gatehouse.Contracts.Signals;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteLinkedHubTests() : LinkedHubSuite(null);

public sealed class PostgresLinkedHubTests(PostgresServer server) : LinkedHubSuite(server);

/// <summary>Devices are told a host name under which they reach their hub; enrollments may name it by any that it answers to.</summary>
public abstract class LinkedHubSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Devices_are_told_the_host_name_that_the_operator_gave_from_the_first_start_on()
    {
        await using var host = await StartAsync(new ProvisioningOptions { HubHostName = "hub.example" });

        Assert.Equal("hub.example", await AssignedAsync(host, "dev-1", Keys));
        Assert.Equal("hub.example", await AssignedAsync(host, "dev-2", $"{Keys},\"iotHubs\":[\"hub.example\"]"));
    }

    [Fact]
    public async Task A_host_name_that_is_given_later_goes_to_the_link_and_to_registrations_with_a_record()
    {
        await using var host = await StartAsync(new ProvisioningOptions());
        var key = KeyOf(await host.EnrollAsync("dev-1", Keys));
        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));
        var named = KeyOf(await host.EnrollAsync("dev-2", $"{Keys},\"iotHubs\":[\"localhost\"],\"allocationPolicy\":\"static\""));

        using var again = Startup(host, "hub.example");
        await again.StartAsync(host.Hub, Token);
        await again.StartAsync(host.Hub, Token);

        Assert.Equal("hub.example", (await host.AskAsync("GET", "/registrations/dev-1")).Text("assignedHub"));
        var outcome = await host.RegisterAsync("dev-1", key);
        Assert.Equal(("hub.example", "initialAssignment"), (outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.substatus")));
        Assert.Equal("hub.example", (await host.RegisterAsync("dev-2", named)).Text("registrationState.assignedHub"));
        var changes = (await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token)).Where(entry => entry.Fields.Action == "linkedhub.update");
        Assert.Equal(("hub.example", """{"before":"localhost"}"""), (Assert.Single(changes).Fields.Subject, changes.Single().Fields.Detail));
    }

    [Fact]
    public async Task An_enrollment_names_a_hub_by_any_of_its_host_names_and_only_once()
    {
        await using var host = await StartAsync(new ProvisioningOptions { HubHostName = "hub.example" });

        Assert.Equal("hub.example", await AssignedAsync(host, "dev-1", $"{Keys},\"iotHubs\":[\"LocalHost\"],\"iotHubHostName\":\"hub.example\""));
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/dev-2", $$"""{{{Keys}},"iotHubs":["localhost","hub.example"]}""")).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/dev-2", $$"""{{{Keys}},"iotHubs":["elsewhere.example"]}""")).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/dev-2", $$"""{{{Keys}},"iotHubs":["localhost"],"iotHubHostName":"elsewhere.example"}""")).Code);
    }

    private Task<ProvisioningHost> StartAsync(ProvisioningOptions options) => ProvisioningHost.StartAsync(server, options, new() { HostNames = ["localhost", "hub.example"] });

    private static ProvisioningStartup Startup(ProvisioningHost host, string hubHostName) => new(
        host.Get<Database>(), host.Get<ProvisioningDirectory>(), host.Get<ProvisioningPolicies>(), new ProvisioningOptions { HubHostName = hubHostName }, host.Time, host.Get<ISignals>());

    private static async Task<string> AssignedAsync(ProvisioningHost host, string id, string enrollment) =>
        (await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, enrollment)))).Text("registrationState.assignedHub");

    private static string KeyOf(System.Text.Json.Nodes.JsonNode made) => made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
}
