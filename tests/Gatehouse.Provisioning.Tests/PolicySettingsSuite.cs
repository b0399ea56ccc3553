using System.Text.Json.Nodes;
using Gatehouse.Provisioning.AccessPolicies;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqlitePolicySettingsTests() : PolicySettingsSuite(null);

public sealed class PostgresPolicySettingsTests(PostgresServer server) : PolicySettingsSuite(server);

/// <summary>The policies and the default allocation of a service, as back ends change them.</summary>
public abstract class PolicySettingsSuite(PostgresServer? server)
{
    private const string Owner = ProvisioningPolicies.OwnerName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_policy_is_made_opens_what_its_rights_say_is_changed_and_deleted_each_with_a_record()
    {
        await using var host = await ProvisioningHost.StartAsync(server);

        var made = await PutAsync(host, "Reader", """{"rights":"enrollmentread, RegistrationStatusRead"}""");
        Assert.Equal((200, "Reader", "EnrollmentRead, RegistrationStatusRead", ""), (made.Code, made.Text("keyName"), made.Text("rights"), made.Text("primaryKey")));
        var keys = await host.AskAsync("POST", "/authorizationPolicies/reader/listkeys");
        Assert.Equal(200, await ReadAsync(host, "Reader", keys.Text("primaryKey")));
        Assert.Equal(200, await ReadAsync(host, "Reader", keys.Text("secondaryKey")));

        var changed = await PutAsync(host, "reader", """{"rights":"ServiceConfig"}""", made.Text("etag"));
        Assert.Equal(401, await ReadAsync(host, "Reader", keys.Text("primaryKey")));
        Assert.Equal(keys.Text("primaryKey"), (await host.AskAsync("POST", "/authorizationPolicies/Reader/listkeys")).Text("primaryKey"));
        Assert.Equal(412, (await host.AskAsync("DELETE", "/authorizationPolicies/Reader", ifMatch: made.Text("etag"))).Code);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/authorizationPolicies/Reader", ifMatch: changed.Text("etag"))).Code);
        Assert.Equal((404, "404206"), Outcome(await host.AskAsync("GET", "/authorizationPolicies/Reader")));

        string[] actions = ["create", "list-keys", "update", "list-keys", "delete"];
        Assert.Equal(actions.Select(action => $"provisioningpolicy.{action} Reader"), await host.AuditedAsync());
        var audit = await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token);
        Assert.DoesNotContain(audit, entry => entry.Fields.Detail?.Contains(keys.Text("primaryKey"), StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Keys_are_shown_to_who_asks_for_them_by_name_only_and_are_made_anew_one_by_one()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var (first, second) = (Convert.ToBase64String([.. Enumerable.Repeat((byte)1, 16)]), Convert.ToBase64String([.. Enumerable.Repeat((byte)2, 64)]));
        var made = await PutAsync(host, "p", $$"""{"rights":"EnrollmentRead","primaryKey":"{{first}}","secondaryKey":"{{second}}"}""");
        foreach (var answer in new[] { made, await host.AskAsync("GET", "/authorizationPolicies"), await host.AskAsync("GET", "/authorizationPolicies/p") })
        {
            Assert.DoesNotContain(first, answer.Body!.ToJsonString());
        }

        Assert.Equal(200, (await RegenerateAsync(host, "p", "Primary", made.Text("etag"))).Code);
        Assert.Equal(412, (await RegenerateAsync(host, "p", "primary", made.Text("etag"))).Code);
        Assert.Equal((401, 200), (await ReadAsync(host, "p", first), await ReadAsync(host, "p", second)));
        Assert.Equal(200, (await RegenerateAsync(host, "p", "swap")).Code);
        Assert.Equal(second, (await host.AskAsync("POST", "/authorizationPolicies/p/listkeys")).Text("primaryKey"));
        Assert.Equal(400, (await RegenerateAsync(host, "p", "both")).Code);
        Assert.Equal(404, (await RegenerateAsync(host, "none", "primary")).Code);
    }

    [Theory]
    [InlineData("p", "{}")]
    [InlineData("p", """{"rights":""}""")]
    [InlineData("p", """{"rights":"RegistryRead"}""")]
    [InlineData("p", """{"rights":"EnrollmentRead,EnrollmentRead"}""")]
    [InlineData("p", """{"rights":"EnrollmentRead,"}""")]
    [InlineData("p", """{"rights":"ProvisioningOwner"}""")]
    [InlineData("p", """{"rights":"96"}""")]
    [InlineData("p", """{"rights":"EnrollmentRead","primaryKey":"c2hvcnQ="}""")]
    [InlineData("p", """{"rights":"EnrollmentRead","keyName":"q"}""")]
    [InlineData("bad%20name", """{"rights":"EnrollmentRead"}""")]
    public async Task What_cannot_be_a_policy_is_refused_and_nothing_is_kept(string name, string body)
    {
        await using var host = await ProvisioningHost.StartAsync(server);

        Assert.Equal((400, "400004"), Outcome(await PutAsync(host, name, body)));
        Assert.Single((await host.AskAsync("GET", "/authorizationPolicies")).Body!["value"]!.AsArray());
    }

    [Fact]
    public async Task Nobody_gives_out_or_sees_more_than_his_own_policy_holds()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PutAsync(host, "config", """{"rights":"ServiceConfig, EnrollmentRead"}""");
        await PutAsync(host, "writer", """{"rights":"EnrollmentWrite"}""");
        var key = (await host.AskAsync("POST", "/authorizationPolicies/config/listkeys")).Text("primaryKey");
        Task<ProvisioningHost.Answer> AsConfig(string method, string path, string? body = null) =>
            host.SendAsync(method, $"/authorizationPolicies/{path}?api-version=2021-10-01", host.Sign("localhost", key, "config"), body, ("If-Match", "*"));

        Assert.Equal(401, (await AsConfig("POST", $"{Owner}/listkeys")).Code);
        Assert.Equal(401, (await AsConfig("POST", "writer/listkeys")).Code);
        Assert.Equal(401, (await AsConfig("POST", "writer/regenerateKey", """{"key":"primary"}""")).Code);
        Assert.Equal(401, (await AsConfig("DELETE", "writer")).Code);
        Assert.Equal(401, (await AsConfig("PUT", "writer", """{"rights":"ServiceConfig"}""")).Code);
        Assert.Equal(401, (await AsConfig("PUT", "config", """{"rights":"ServiceConfig, EnrollmentWrite"}""")).Code);
        Assert.Equal(200, (await AsConfig("PUT", "config", """{"rights":"ServiceConfig"}""")).Code);
    }

    [Fact]
    public async Task The_last_policy_with_all_rights_stays_and_there_are_no_more_than_may_be()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxPolicies = 2 });
        Assert.Equal((409, "409208"), Outcome(await host.AskAsync("DELETE", $"/authorizationPolicies/{Owner}", ifMatch: "*")));
        Assert.Equal((409, "409208"), Outcome(await PutAsync(host, Owner, """{"rights":"ServiceConfig"}""", "*")));
        Assert.Equal(412, (await PutAsync(host, Owner, """{"rights":"ServiceConfig"}""")).Code);
        Assert.Equal(412, (await PutAsync(host, "other", """{"rights":"ServiceConfig"}""", "*")).Code);

        var all = (await host.AskAsync("GET", $"/authorizationPolicies/{Owner}")).Text("rights");
        Assert.Equal("ServiceConfig, EnrollmentRead, EnrollmentWrite, DeviceConnect, RegistrationStatusRead, RegistrationStatusWrite", all);
        Assert.Equal(200, (await PutAsync(host, "second", $$"""{"rights":"{{all}}"}""")).Code);
        Assert.Equal((409, "409208"), Outcome(await PutAsync(host, "third", """{"rights":"ServiceConfig"}""")));
        Assert.Equal(204, (await host.AskAsync("DELETE", $"/authorizationPolicies/{Owner}", ifMatch: "*")).Code);
    }

    [Fact]
    public async Task The_default_allocation_of_a_service_is_changed_and_counts_from_the_next_registration_on()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var shown = await host.AskAsync("GET", "/provisioningService");
        Assert.Equal(("hashed", host.Instance.IdScope, "localhost"), (shown.Text("properties.allocationPolicy"), shown.Text("properties.idScope"), shown.Text("properties.deviceProvisioningHostName")));

        Assert.Equal(400, (await PatchAsync(host, "custom")).Code);
        Assert.Equal(412, (await PatchAsync(host, "static", "\"stale\"")).Code);
        var changed = await PatchAsync(host, "GeoLatency", shown.Text("etag"));
        Assert.Equal("geoLatency", changed.Text("properties.allocationPolicy"));
        Assert.NotEqual(shown.Text("etag"), changed.Text("etag"));

        await host.EnrollAsync("dev-1", """ "attestation":{"type":"symmetricKey"} """);
        for (var i = 0; (await host.AskAsync("GET", "/enrollments/dev-1")).Text("allocationPolicy") != "geoLatency"; i++)
        {
            Assert.True(i < 6_000, "It does not count.");
            await Task.Delay(10, Token);
        }

        Assert.Equal($"provisioning.update {host.Instance.Name}", (await host.AuditedAsync())[0]);
    }

    private static Task<ProvisioningHost.Answer> PutAsync(ProvisioningHost host, string name, string body, string? ifMatch = null) => host.AskAsync("PUT", $"/authorizationPolicies/{name}", body, ifMatch);

    private static Task<ProvisioningHost.Answer> PatchAsync(ProvisioningHost host, string policy, string? ifMatch = null) =>
        host.AskAsync("PATCH", "/provisioningService", new JsonObject { ["properties"] = new JsonObject { ["allocationPolicy"] = policy } }.ToJsonString(), ifMatch);

    private static Task<ProvisioningHost.Answer> RegenerateAsync(ProvisioningHost host, string name, string key, string? ifMatch = null) =>
        host.AskAsync("POST", $"/authorizationPolicies/{name}/regenerateKey", new JsonObject { ["key"] = key }.ToJsonString(), ifMatch);

    private static async Task<int> ReadAsync(ProvisioningHost host, string policy, string key) =>
        (await host.SendAsync("POST", "/enrollments/query?api-version=2021-10-01", host.Sign("localhost", key, policy), """{"query":"SELECT * FROM enrollments"}""")).Code;

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
