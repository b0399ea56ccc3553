using System.Text.Json.Nodes;
using Gatehouse.Hub.Rotation;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.Provisioning.Rotation;
using Gatehouse.Store.Rotation;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.PlanSteps;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteRotationRuleTests() : RotationRuleSuite(null);

public sealed class PostgresRotationRuleTests(PostgresServer server) : RotationRuleSuite(server);

/// <summary>Rules of a maximum age for the keys of enrollments and of policies of a service, and plans that begin at a time.</summary>
public abstract class RotationRuleSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;
    private const string Short = """{"maxAgeSeconds":600,"unusedForSeconds":60}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("group-key", "g1")]
    [InlineData("enrollment-key", "dev-1")]
    [InlineData("provisioning-policy-key", "line")]
    public async Task Keys_that_are_over_age_get_a_plan_by_themselves_and_are_young_afterwards(string kind, string subject)
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await host.EnrollAsync("g1", Keys, isGroup: true);
        await host.EnrollAsync("dev-1", Keys);
        await host.AskAsync("PUT", "/authorizationPolicies/line", """{"rights":"RegistrationStatusRead"}""");
        var rule = await host.AskAsync("PUT", $"/rotationRules/{kind}", Short);
        Assert.Equal((200, "0", "10"), (rule.Code, rule.Text("overAge"), rule.Text("atOnce")));

        await LookAsync(host, 60);
        Assert.Empty(await PlansAsync(host));
        await LookAsync(host, 1);
        var plan = (await PlansAsync(host)).Single(each => (string)each!["subject"]! == subject)!;
        Assert.Equal((kind, "running", true), ((string)plan["kind"]!, (string)plan["state"]!, (bool)plan["isByRule"]!));

        // Nobody has ever used it: it is through after two watches, and what comes from an enrollment's key has been to the hubs between them.
        for (var i = 0; i < 20; i++)
        {
            await LookAsync(host, 1);
            await host.Get<KeyRolls>().RunAsync(Token);
        }

        plan = (await PlansAsync(host)).Single(each => (string)each!["subject"]! == subject)!;
        Assert.True((string)plan["state"]! == "done", plan.ToJsonString());
        var due = (await host.AskAsync("GET", $"/rotationRules/{kind}/due")).Body!["value"]!.AsArray().Single(each => (string)each!["subject"]! == subject)!;
        Assert.Equal("later", (string)due["state"]!);
        Assert.Equal([kind], (await host.AskAsync("GET", "/rotationRules")).Body!["value"]!.AsArray().Select(each => (string)each!["kind"]!));
        Assert.Equal((200, 404), ((await host.AskAsync("DELETE", $"/rotationRules/{kind}")).Code, (await host.AskAsync("DELETE", $"/rotationRules/{kind}")).Code));
    }

    [Fact]
    public async Task Devices_whose_keys_come_from_an_enrollment_are_left_to_the_rule_of_their_enrollment()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", ProvisioningHost.Derive((string)group["attestation"]!["symmetricKey"]!["primaryKey"]!, "dev-1"))).Text("status"));
        var rules = host.Get<RotationRules>();
        Assert.True((await rules.SetAsync(host.Hub.Name, Rotations.DeviceKey, new RuleInput { MaxAgeSeconds = 600, UnusedForSeconds = 60 }, "test", Token)).IsOk);

        await LookAsync(host, 80);

        Assert.Empty(await host.Get<Rotations>().ListAsync(host.Hub.Name, Token));
        var rule = Assert.Single(await rules.ListAsync(host.Hub.Name, Token));
        Assert.Equal((0L, 0L), (rule.OverAge, rule.Overdue));
        var due = Assert.Single((await rules.ListDueAsync(host.Hub.Name, Rotations.DeviceKey, 10, Token)).Value);
        Assert.Equal(("dev-1", "left-out"), (due.Subject, due.State));
        Assert.Contains("enrollment 'g1'", due.Reason!, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await host.Get<IRotationRules>().ListAsync(host.Instance.Name, Token));
    }

    [Fact]
    public async Task A_key_of_an_enrollment_or_policy_grows_no_younger_when_it_is_written_once_more()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        await host.AskAsync("PUT", "/authorizationPolicies/line", """{"rights":"RegistrationStatusRead"}""");
        var policy = (await host.AskAsync("POST", "/authorizationPolicies/line/listkeys")).Body!;
        await host.AskAsync("PUT", "/rotationRules/group-key", """{"maxAgeSeconds":864000}""");
        await host.AskAsync("PUT", "/rotationRules/provisioning-policy-key", """{"maxAgeSeconds":864000}""");
        var made = (await MadeAsync(host, "group-key", "g1"), await MadeAsync(host, "provisioning-policy-key", "line"));
        host.Time.Advance(TimeSpan.FromHours(1));

        var (primary, secondary) = ((string)group["attestation"]!["symmetricKey"]!["primaryKey"]!, (string)group["attestation"]!["symmetricKey"]!["secondaryKey"]!);
        var written = await host.AskAsync(
            "PUT", "/enrollmentGroups/g1", $$$"""{"enrollmentGroupId":"g1","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"{{{secondary}}}","secondaryKey":"{{{primary}}}"} } }""", "*");
        Assert.True(written.Code == 200, written.Body?.ToJsonString());
        Assert.Equal(200, (await host.AskAsync("PUT", "/authorizationPolicies/line", $$"""{"rights":"RegistrationStatusRead","primaryKey":"{{policy["primaryKey"]}}","secondaryKey":"{{policy["secondaryKey"]}}"}""", "*")).Code);
        Assert.Equal(200, (await host.AskAsync("POST", "/authorizationPolicies/line/regenerateKey", """{"key":"swap"}""")).Code);
        Assert.Equal(made, (await MadeAsync(host, "group-key", "g1"), await MadeAsync(host, "provisioning-policy-key", "line")));

        foreach (var key in new[] { "primary", "secondary" })
        {
            Assert.Equal(200, (await host.AskAsync("POST", "/authorizationPolicies/line/regenerateKey", $$"""{"key":"{{key}}"}""")).Code);
        }

        Assert.NotEqual(made.Item2, await MadeAsync(host, "provisioning-policy-key", "line"));
    }

    [Fact]
    public async Task Plans_begin_at_a_time_here_too_and_one_whose_group_was_changed_ends()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await host.EnrollAsync("g1", Keys, isGroup: true);
        await host.EnrollAsync("g2", Keys, isGroup: true);
        var plan = await CreateAsync(host, "group-key", "g1", ""","beginInSeconds":60""");
        var other = await CreateAsync(host, "group-key", "g2", ""","beginAt":"2026-11-24T12:01:00Z" """);
        Assert.Equal(("waiting", "waiting", 400), (plan.Text("state"), other.Text("state"), (await CreateAsync(host, "group-key", "g3", ""","beginAt":"soon" """)).Code));
        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollmentGroups/g2")).Code);

        await LookAsync(host, 6);

        Assert.Equal(("running", "failed"), ((await FindAsync(host, plan)).Text("state"), (await FindAsync(host, other)).Text("state")));
        Assert.Contains("deleted", await MessageAsync(host, other), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_for_policies_takes_all_rights_and_what_is_wrong_with_one_is_said()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await host.AskAsync("PUT", "/authorizationPolicies/writer", """{"rights":"EnrollmentWrite"}""");
        await host.AskAsync("PUT", "/authorizationPolicies/configurer", """{"rights":"EnrollmentWrite, ServiceConfig"}""");
        Assert.Equal(200, (await host.AskAsync("PUT", "/rotationRules/provisioning-policy-key", """{"maxAgeSeconds":864000}""")).Code);
        foreach (var (name, mayRead) in new[] { ("writer", false), ("configurer", true) })
        {
            var token = host.Sign("localhost", (await host.AskAsync("POST", $"/authorizationPolicies/{name}/listkeys")).Text("primaryKey"), name);
            Assert.Equal(401, (await host.SendAsync("PUT", "/rotationRules/provisioning-policy-key?api-version=2021-10-01", token, Short)).Code);
            Assert.Equal(401, (await host.SendAsync("DELETE", "/rotationRules/provisioning-policy-key?api-version=2021-10-01", token)).Code);
            Assert.Equal(mayRead ? 200 : 401, (await host.SendAsync("GET", "/rotationRules/provisioning-policy-key/due?api-version=2021-10-01", token)).Code);
            Assert.Equal(mayRead ? 1 : 0, (await host.SendAsync("GET", "/rotationRules?api-version=2021-10-01", token)).Body!["value"]!.AsArray().Count);
        }

        foreach (var kind in new[] { "device-key", "policy-key", "group-ca", "none" })
        {
            var refused = await host.AskAsync("PUT", $"/rotationRules/{kind}", Short);
            Assert.Equal(400, refused.Code);
            Assert.Contains("enrollment-key or group-key or provisioning-policy-key", refused.Text("message"), StringComparison.Ordinal);
        }

        Assert.Equal(400, (await host.AskAsync("PUT", "/rotationRules/group-key", "{}")).Code);
        Assert.Equal(400, (await host.AskAsync("GET", "/rotationRules/provisioning-policy-key/due?max=many")).Code);
    }

    private static async Task<JsonArray> PlansAsync(ProvisioningHost host) => (await host.AskAsync("GET", "/rotations")).Body!["value"]!.AsArray();

    private static async Task<string> MadeAsync(ProvisioningHost host, string kind, string subject) =>
        (string)(await host.AskAsync("GET", $"/rotationRules/{kind}/due")).Body!["value"]!.AsArray().Single(each => (string)each!["subject"]! == subject)!["made"]!;
}
