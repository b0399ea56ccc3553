using Dapper;
using Gatehouse.Hub;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteLinkedHubSettingsTests() : LinkedHubSettingsSuite(null);

public sealed class PostgresLinkedHubSettingsTests(PostgresServer server) : LinkedHubSettingsSuite(server);

/// <summary>The linked hubs of a service, as back ends add, change and remove them.</summary>
public abstract class LinkedHubSettingsSuite(PostgresServer? server)
{
    private const string Key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    private const string Connection = $"HostName=Far.example:8443;SharedAccessKeyName=dps;SharedAccessKey={Key}";
    private const string Shown = "HostName=Far.example:8443;SharedAccessKeyName=dps;SharedAccessKey=****";
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_is_linked_shown_without_its_key_changed_and_unlinked_each_with_a_record()
    {
        await using var host = await StartAsync();

        var made = await PutAsync(host, "far.example", $$"""{"connectionString":"{{Connection}}","location":"west","allocationWeight":7}""");
        Assert.Equal((200, "far.example", Shown, "west", "7", "true"), (made.Code, made.Text("name"), made.Text("connectionString"), made.Text("location"), made.Text("allocationWeight"), made.Text("applyAllocationPolicy")));
        Assert.Equal(made.Text("etag"), made.Headers["ETag"]);
        Assert.Equal(["far.example", "localhost"], (await host.AskAsync("GET", "/iotHubs")).Body!["value"]!.AsArray().Select(hub => hub!["name"]!.GetValue<string>()));

        // As it was read: the key stays.
        var sealedBefore = await SealedAsync(host);
        var changed = await PutAsync(host, "FAR.example", $$"""{"name":"far.example","connectionString":"{{Shown}}","allocationWeight":9,"applyAllocationPolicy":false}""", made.Text("etag"));
        Assert.Equal(("9", "false", "west", Shown), (changed.Text("allocationWeight"), changed.Text("applyAllocationPolicy"), changed.Text("location"), changed.Text("connectionString")));
        Assert.Equal(sealedBefore, await SealedAsync(host));
        Assert.DoesNotContain(Key[..20], Convert.ToBase64String(sealedBefore));
        Assert.DoesNotContain(Key, (await host.AskAsync("GET", "/iotHubs/far.example")).Body!.ToJsonString());

        Assert.Equal(412, (await host.AskAsync("DELETE", "/iotHubs/far.example")).Code);
        Assert.Equal(412, (await host.AskAsync("DELETE", "/iotHubs/far.example", ifMatch: made.Text("etag"))).Code);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/iotHubs/far.example", ifMatch: changed.Text("etag"))).Code);
        Assert.Equal((404, "404204"), Outcome(await host.AskAsync("GET", "/iotHubs/far.example")));
        Assert.Equal(["linkedhub.create far.example", "linkedhub.update far.example", "linkedhub.delete far.example"], await host.AuditedAsync());
        Assert.DoesNotContain(await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token), entry => entry.Fields.Detail?.Contains(Key, StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("far.example", "{}")]
    [InlineData("far.example", """{"connectionString":"HostName=far.example;DeviceId=d;SharedAccessKey=MDEyMzQ1Njc4OTAxMjM0NQ=="}""")]
    [InlineData("far.example", """{"connectionString":"HostName=far.example;SharedAccessKeyName=p;SharedAccessKey=****"}""")]
    [InlineData("far.example", """{"connectionString":"HostName=far.example;SharedAccessKeyName=p;SharedAccessKey=c2hvcnQ="}""")]
    [InlineData("far.example", """{"connectionString":"HostName=far.example:0;SharedAccessKeyName=p;SharedAccessKey=MDEyMzQ1Njc4OTAxMjM0NQ=="}""")]
    [InlineData("far.example", """{"connectionString":"HostName=far.example/x;SharedAccessKeyName=p;SharedAccessKey=MDEyMzQ1Njc4OTAxMjM0NQ=="}""")]
    [InlineData("far.example", """{"connectionString":"HostName=user@far.example;SharedAccessKeyName=p;SharedAccessKey=MDEyMzQ1Njc4OTAxMjM0NQ=="}""")]
    [InlineData("other.example", $$"""{"connectionString":"{{Connection}}"}""")]
    [InlineData("far.example", $$"""{"name":"other.example","connectionString":"{{Connection}}"}""")]
    [InlineData("far.example", $$"""{"connectionString":"{{Connection}}","allocationWeight":0}""")]
    [InlineData("far.example", $$"""{"connectionString":"{{Connection}}","allocationWeight":1001}""")]
    [InlineData("far.example", $$"""{"connectionString":"{{Connection}}","certificateAuthorities":"none"}""")]
    [InlineData("far.example", $$"""{"connectionString":"{{Connection}}","location":"a\u0000b"}""")]
    [InlineData("localhost", """{"connectionString":"HostName=localhost;SharedAccessKeyName=p;SharedAccessKey=MDEyMzQ1Njc4OTAxMjM0NQ=="}""")]
    public async Task What_cannot_work_is_refused_and_nothing_is_kept(string name, string body)
    {
        await using var host = await StartAsync();

        var refused = name == "localhost" ? await PutAsync(host, name, body, "*") : await PutAsync(host, name, body);

        Assert.Equal((400, "400004"), Outcome(refused));
        Assert.DoesNotContain("MDEyMzQ1", refused.Body!.ToJsonString());
        Assert.Single((await host.AskAsync("GET", "/iotHubs")).Body!["value"]!.AsArray());
    }

    [Fact]
    public async Task A_service_takes_its_limit_of_hubs_and_writers_name_the_version_that_they_mean()
    {
        await using var host = await StartAsync(new LinkedHubOptions { MaxHubs = 2 });
        Assert.Equal(412, (await PutAsync(host, "far.example", $$"""{"connectionString":"{{Connection}}"}""", "*")).Code);
        Assert.Equal(200, (await PutAsync(host, "far.example", $$"""{"connectionString":"{{Connection}}"}""")).Code);
        Assert.Equal(412, (await PutAsync(host, "far.example", """{"allocationWeight":2}""")).Code);
        Assert.Equal(412, (await PutAsync(host, "far.example", """{"allocationWeight":2}""", "\"stale\"")).Code);

        Assert.Equal((409, "409206"), Outcome(await PutAsync(host, "third.example", $$"""{"connectionString":"{{Connection.Replace("Far", "Third", StringComparison.Ordinal)}}"}""")));
    }

    [Fact]
    public async Task A_hub_that_devices_have_or_enrollments_name_is_unlinked_only_by_force()
    {
        await using var host = await StartAsync();
        await PutAsync(host, "far.example", $$"""{"connectionString":"{{Connection}}","applyAllocationPolicy":false}""");
        await host.EnrollAsync("g_1", $"{Keys},\"iotHubs\":[\"far.example\"]", isGroup: true);
        await host.EnrollAsync("dev-2", $"{Keys},\"optionalDeviceInformation\":{{\"near\":\"far.example\"}}");
        var key = (await host.EnrollAsync("dev-1", Keys))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));

        var named = await host.AskAsync("DELETE", "/iotHubs/far.example", ifMatch: "*");
        Assert.Equal((409, "409206"), Outcome(named));
        Assert.Contains("The enrollment group 'g_1' names the hub.", named.Text("message"));
        var assigned = await host.AskAsync("DELETE", "/iotHubs/localhost", ifMatch: "*");
        Assert.Equal((409, "409206"), Outcome(assigned));
        Assert.Contains("registration 'dev-1'", assigned.Text("message"));

        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollmentGroups/g_1")).Code);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/iotHubs/far.example", ifMatch: "*")).Code);
        Assert.Equal(204, (await host.ForceAsync("DELETE", "/iotHubs/localhost")).Code);
        Assert.NotNull(await host.DeviceAsync("dev-1"));
        Assert.Equal("400208", (await host.RegisterAsync("dev-1", key)).Text("registrationState.errorCode"));

        // The hub of this server comes back by its name.
        Assert.Equal(200, (await PutAsync(host, "localhost", "{}")).Code);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
    }

    [Fact]
    public async Task A_connection_string_that_was_moved_to_another_row_does_not_open_there()
    {
        await using var host = await StartAsync();
        await PutAsync(host, "far.example", $$"""{"connectionString":"{{Connection}}"}""");
        await PutAsync(host, "third.example", $$"""{"connectionString":"{{Connection.Replace("Far", "Third", StringComparison.Ordinal)}}"}""");
        await host.Get<Database>().WriteAsync<int>(
            async (transaction, token) => await transaction.Connection.ExecuteAsync(new CommandDefinition(
                "UPDATE linked_hubs SET connection = (SELECT connection FROM linked_hubs WHERE host_name = 'far.example') WHERE host_name = 'third.example'", null, transaction.Transaction, cancellationToken: token)), Token);
        var key = (await host.EnrollAsync("dev-1", $"{Keys},\"iotHubs\":[\"third.example\"]"))["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();

        Assert.Contains("does not open here", (await host.RegisterAsync("dev-1", key)).Text("registrationState.errorMessage"));
    }

    private Task<ProvisioningHost> StartAsync(LinkedHubOptions? options = null) => ProvisioningHost.StartAsync(server, new ProvisioningOptions { LinkedHubs = options ?? new() }, new HubOptions { HostNames = ["localhost"] });

    private static Task<ProvisioningHost.Answer> PutAsync(ProvisioningHost host, string name, string body, string? ifMatch = null) => host.AskAsync("PUT", $"/iotHubs/{name}", body, ifMatch);

    private static Task<byte[]> SealedAsync(ProvisioningHost host) => host.Get<Database>().ReadAsync(
        async (connection, token) => (await connection.QuerySingleAsync<byte[]>(new CommandDefinition("SELECT connection FROM linked_hubs WHERE host_name = 'far.example'", cancellationToken: token)))!, Token);

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
