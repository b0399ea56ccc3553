using System.Text.Json.Nodes;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteCredentialUseTests() : CredentialUseSuite(null);

public sealed class PostgresCredentialUseTests(PostgresServer server) : CredentialUseSuite(server);

/// <summary>Who came by which credential of an enrollment, as it is now, and who uses what comes from it at a hub.</summary>
public abstract class CredentialUseSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    private static readonly ClientTraits Client = new() { Protocol = "mqtt", TlsVersion = "1.3" };

    private static readonly string Fresh = Convert.ToBase64String(new byte[64]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Registrations_are_counted_by_the_key_of_their_group_that_they_came_by()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("G1", Keys, isGroup: true);
        await ComesAsync(host, group, "dev-1", "primaryKey");
        await ComesAsync(host, group, "dev-2", "primaryKey");
        host.Time.Advance(TimeSpan.FromHours(1));
        await ComesAsync(host, group, "dev-2", "secondaryKey");

        var all = await UsersAsync(host, "enrollment-group/g1/primaryKey");
        Assert.Equal(("enrollment-group/G1/primaryKey", "2", "2026-11-24T12:00:00.0000000Z"), (all.Text("credential"), all.Text("registrations"), all.Text("lastUsed")));
        Assert.Equal(["dev-1", "dev-2"], Ids(all));
        Assert.Equal(["dev-2"], Ids(await UsersAsync(host, "enrollment-group/G1/secondaryKey")));
        Assert.Empty(Ids(await UsersAsync(host, "enrollment-group/g1/primaryKey", "&since=2026-11-24T12:00:01Z")));
        var summary = (await host.AskAsync("GET", "/credentialUses")).Body!;
        Assert.Equal((2, 1), (TotalOf(summary, "enrollment-group/G1/primaryKey"), TotalOf(summary, "enrollment-group/G1/secondaryKey")));
        Assert.Equal(0, TotalOf(summary, "enrollments/primaryKey"));
        Assert.NotNull(Find(summary, "provisioning-policy/provisioningserviceowner/primaryKey")["lastUsed"]);
        Assert.Null(Find(summary, "provisioning-policy/provisioningserviceowner/secondaryKey")["lastUsed"]);
    }

    [Fact]
    public async Task Pages_of_users_follow_one_another_and_leave_nobody_out()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        string[] ids = ["a-1", "B-2", "c:3", "d.4x", "e_5"];
        foreach (var id in ids)
        {
            await ComesAsync(host, group, id, "primaryKey");
        }

        var seen = new List<string>();
        var next = "";
        do
        {
            var page = await UsersAsync(host, "enrollment-group/g1/primaryKey", $"&max=2{(next.Length == 0 ? "" : $"&after={Uri.EscapeDataString(next)}")}");
            Assert.Equal(next.Length == 0, page.Body!["hubs"] is not null);
            seen.AddRange(Ids(page));
            next = page.Text("next");
        }
        while (next.Length > 0);
        Assert.Equal(ids.Select(id => id.ToLowerInvariant()).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public async Task A_key_that_is_set_anew_or_of_a_later_group_of_the_same_name_has_no_users_until_somebody_comes_by_it()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        await ComesAsync(host, group, "dev-1", "primaryKey");
        await ComesAsync(host, group, "dev-1", "secondaryKey");

        var secondary = KeyOf(group, "secondaryKey");
        await ChangeAsync(host, "/enrollmentGroups/g1", WithKey("secondaryKey", Fresh));
        Assert.Equal(["dev-1"], Ids(await UsersAsync(host, "enrollment-group/g1/primaryKey")));
        Assert.Empty(Ids(await UsersAsync(host, "enrollment-group/g1/secondaryKey")));
        Assert.Equal(401, (await host.RegisterAsync("dev-1", ProvisioningHost.Derive(secondary, "dev-1"))).Code);

        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollmentGroups/g1", ifMatch: "*")).Code);
        await host.EnrollAsync("g1", WithKey("primaryKey", KeyOf(group, "primaryKey")), isGroup: true);
        Assert.Empty(Ids(await UsersAsync(host, "enrollment-group/g1/primaryKey")));
    }

    [Fact]
    public async Task Individual_enrollments_are_told_of_by_key_by_certificate_and_taken_together()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var first = TestCertificate.SelfSigned("dev-2");
        using var second = TestCertificate.SelfSigned("dev-2");
        var made = await host.EnrollAsync("Dev-1", Keys);
        await host.EnrollAsync("dev-2", Clients(first.Base64, second.Base64));
        Assert.Equal("assigned", (await host.RegisterAsync("Dev-1", KeyOf(made, "secondaryKey"))).Text("status"));
        Assert.True((await host.RegisterAsync("dev-2", second.Shown())).IsOk);

        Assert.Equal(["dev-1"], Ids(await UsersAsync(host, "enrollment/dev-1/secondaryKey")));
        Assert.Empty(Ids(await UsersAsync(host, "enrollment/dev-1/primaryKey")));
        Assert.Empty(Ids(await UsersAsync(host, "enrollment/dev-2/primaryCertificate")));
        var users = await UsersAsync(host, "enrollment/dev-2/secondaryCertificate");
        Assert.Equal((second.Thumbprint, "dev-2"), (users.Text("thumbprint"), Assert.Single(Ids(users))));
        var summary = (await host.AskAsync("GET", "/credentialUses")).Body!;
        Assert.Equal((0, 1, 1, 0), (TotalOf(summary, "enrollments/primaryKey"), TotalOf(summary, "enrollments/secondaryKey"), TotalOf(summary, "enrollments/certificate"), TotalOf(summary, "enrollments/endorsementKey")));
        var uses = (await host.AskAsync("GET", "/registrations/DEV-1/credentialUses")).Body!["value"]!.AsArray();
        Assert.Equal(("enrollment/Dev-1/secondaryKey", "https"), ((string)uses.Single()!["credential"]!, (string)uses.Single()!["protocol"]!));
        Assert.Empty((await host.AskAsync("GET", "/registrations/nobody/credentialUses")).Body!["value"]!.AsArray());

        // A certificate keeps its uses where it changes its place.
        await ChangeAsync(host, "/enrollments/dev-2", Clients(second.Base64, first.Base64));
        Assert.Equal(["dev-2"], Ids(await UsersAsync(host, "enrollment/dev-2/primaryCertificate")));
        Assert.Empty(Ids(await UsersAsync(host, "enrollment/dev-2/secondaryCertificate")));
        await ChangeAsync(host, "/enrollments/dev-2", Clients(first.Base64, null));
        Assert.Equal(0, TotalOf((await host.AskAsync("GET", "/credentialUses")).Body!, "enrollments/certificate"));
        Assert.Empty((await host.AskAsync("GET", "/registrations/dev-2/credentialUses")).Body!["value"]!.AsArray());
    }

    [Fact]
    public async Task Devices_of_a_group_with_certificates_are_told_of_by_the_authority_that_they_came_by()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var old = TestCertificate.Root();
        using var next = TestCertificate.Root("next");
        using var first = old.Leaf("dev-1");
        using var second = next.Leaf("dev-2");
        await host.EnrollAsync("g1", Signers(old.Base64, next.Base64), isGroup: true);
        Assert.True((await host.RegisterAsync("dev-1", first.Shown())).IsOk);
        Assert.True((await host.RegisterAsync("dev-2", second.Shown())).IsOk);

        Assert.Equal(["dev-1"], Ids(await UsersAsync(host, "enrollment-group/g1/primaryCertificate")));
        var users = await UsersAsync(host, "enrollment-group/g1/secondaryCertificate");
        Assert.Equal((next.Thumbprint, "dev-2"), (users.Text("thumbprint"), Assert.Single(Ids(users))));
        Assert.Equal((400, "400004"), Outcome(await UsersAsync(host, "enrollment-group/g1/primaryKey")));
    }

    [Fact]
    public async Task A_device_that_uses_at_its_hub_the_key_that_comes_from_a_groups_key_is_one_of_its_users()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var group = await host.EnrollAsync("g1", Keys, isGroup: true);
        await ComesAsync(host, group, "dev-1", "primaryKey");
        await ComesAsync(host, group, "dev-2", "primaryKey");
        await UsedAtHubAsync(host, "dev-1", "secondaryKey");

        var users = await UsersAsync(host, "enrollment-group/g1/secondaryKey");
        Assert.Equal(("0", "1", "0", "0"), (users.Text("registrations"), users.Text("hubs.devices"), users.Text("hubs.connected"), users.Text("hubs.outdated")));
        Assert.Equal(["dev-1"], Ids(users));
        Assert.Equal(("localhost", "dev-1"), ((string)users.Body!["value"]![0]!["hub"]!["hostName"]!, (string)users.Body["value"]![0]!["hub"]!["deviceId"]!));

        // A new secondary key of the group is not what the device has in that place at its hub, until it registers again.
        await ChangeAsync(host, "/enrollmentGroups/g1", WithKey("secondaryKey", Fresh));
        users = await UsersAsync(host, "enrollment-group/g1/secondaryKey");
        Assert.Equal(("0", "2"), (users.Text("hubs.devices"), users.Text("hubs.outdated")));
        await ComesAsync(host, group, "dev-1", "primaryKey");
        Assert.Equal("1", (await UsersAsync(host, "enrollment-group/g1/secondaryKey")).Text("hubs.outdated"));
    }

    [Fact]
    public async Task Who_stays_connected_to_a_hub_counts_here_and_on_other_nodes()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("dev-1", Keys);
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", KeyOf(made, "primaryKey"))).Text("status"));
        var principal = await PrincipalAsync(host, "dev-1", "primaryKey");
        using (host.Get<ICredentialUses>().Attach(new Sessions(principal)))
        {
            Assert.Equal(("1", "1"), await HubAsync("primaryKey"));
            Assert.Equal(("0", "0"), await HubAsync("secondaryKey"));
        }

        Assert.Equal(("0", "0"), await HubAsync("primaryKey"));
        host.Get<ICredentialUses>().Used(principal, Client);
        await host.Get<Database>().WriteAsync<bool>(
            async (write, cancel) =>
            {
                await Dapper.SqlMapper.ExecuteAsync(
                    write.Connection,
                    "INSERT INTO connection_states (hub, device_id, module_id, generation_id, is_connected, state_changed, last_activity) VALUES (@hub, 'dev-1', '', @generation, 1, 0, 0)",
                    new { hub = host.Hub.Name.Value, generation = principal.GenerationId },
                    write.Transaction);
                return true;
            },
            Token);
        Assert.Equal(("1", "1"), await HubAsync("primaryKey"));

        async Task<(string Devices, string Connected)> HubAsync(string slot)
        {
            var users = await UsersAsync(host, $"enrollment/dev-1/{slot}");
            return (users.Text("hubs.devices"), users.Text("hubs.connected"));
        }
    }

    [Fact]
    public async Task Of_two_nodes_the_later_time_wins_and_what_finds_no_room_is_counted_as_lost()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var clock = new FakeTimeProvider(host.Time.GetUtcNow());
        var other = new ProvisioningUses(new ProvisioningOptions { MaxWaitingUses = 1 }, clock);
        using var writer = new ProvisioningUseWriter(host.Get<Database>(), other, clock, NullLogger<ProvisioningUseWriter>.Instance);
        var owner = PolicyPrincipal(host, "secondaryKey");
        other.Used(owner, Client with { Software = "old" });
        other.Used(PolicyPrincipal(host, "primaryKey"), Client);
        Assert.Equal(1, other.Count);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        host.Get<ProvisioningUses>().Used(owner, Client with { Software = "new" });
        await host.Get<ProvisioningUseWriter>().FlushAsync(Token);

        var (uses, lost) = other.Take();
        Assert.Equal(1, lost);
        other.PutBack(uses);
        await writer.FlushAsync(Token);

        var row = Assert.Single(await host.Get<Database>().ReadAsync(
            async (connection, cancel) => (await ProvisioningUseRows.OfRegistrationAsync(connection, host.Instance.Name, "", cancel)).Where(each => each.Credential == "secondaryKey").ToList(), Token));
        Assert.Equal((host.Time.GetUtcNow().UtcTicks, "new"), (row.LastUsed, row.Software));
    }

    [Fact]
    public async Task What_is_no_credential_is_refused_and_policies_are_shown_to_who_may_see_them()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        foreach (var text in new[] { "", "primaryKey", "enrollment-group/g1", "enrollment/x/thirdKey", "enrollment//primaryKey", "provisioning-policy/p/endorsementKey", "group/g1/primaryKey" })
        {
            Assert.Equal((400, "400004"), Outcome(await UsersAsync(host, text)));
        }

        Assert.Equal((404, "404201"), Outcome(await UsersAsync(host, "enrollment/none/primaryKey")));
        Assert.Equal((404, "404206"), Outcome(await UsersAsync(host, "provisioning-policy/none/primaryKey")));
        Assert.Equal((400, "400004"), Outcome(await host.AskAsync("GET", "/credentialUses?since=yesterday")));
        var owner = await UsersAsync(host, "provisioning-policy/ProvisioningServiceOwner/primaryKey");
        Assert.Equal(("0", "https"), (owner.Text("registrations"), (string)owner.Body!["value"]![0]!["protocol"]!));

        await host.AskAsync("PUT", "/authorizationPolicies/reader", """{"rights":"RegistrationStatusRead"}""");
        var token = host.Sign("localhost", (await host.AskAsync("POST", "/authorizationPolicies/reader/listkeys")).Text("primaryKey"), "reader");
        var summary = (await host.SendAsync("GET", "/credentialUses?api-version=2021-10-01", token)).Body!;
        Assert.DoesNotContain("provisioning-policy", summary.ToJsonString());
        Assert.Equal(401, (await host.SendAsync("GET", "/credentialUses/users?credential=provisioning-policy/reader/primaryKey&api-version=2021-10-01", token)).Code);
    }

    private static string WithKey(string name, string key) => $$$$""" "attestation":{"type":"symmetricKey","symmetricKey":{"{{{{name}}}}":"{{{{key}}}}"}} """;

    private static string Clients(string primary, string? secondary) => Certificates("clientCertificates", primary, secondary);

    private static string Signers(string primary, string? secondary) => Certificates("signingCertificates", primary, secondary);

    private static string Certificates(string block, string primary, string? secondary) =>
        $"\"attestation\":{new JsonObject { ["type"] = "x509", ["x509"] = new JsonObject { [block] = new JsonObject { ["primary"] = new JsonObject { ["certificate"] = primary }, ["secondary"] = secondary is null ? null : new JsonObject { ["certificate"] = secondary } } } }.ToJsonString()}";

    private static async Task ComesAsync(ProvisioningHost host, JsonNode group, string id, string slot) =>
        Assert.Equal("assigned", (await host.RegisterAsync(id, ProvisioningHost.Derive(KeyOf(group, slot), id))).Text("status"));

    private static Task<ProvisioningHost.Answer> UsersAsync(ProvisioningHost host, string credential, string more = "") =>
        host.AskAsync("GET", $"/credentialUses/users?credential={Uri.EscapeDataString(credential)}{more}");

    private static async Task ChangeAsync(ProvisioningHost host, string path, string document) => Assert.Equal(200, (await host.AskAsync("PUT", path, $"{{{document}}}", "*")).Code);

    private static List<string> Ids(ProvisioningHost.Answer users) => [.. users.Body!["value"]!.AsArray().Select(each => (string)each!["registrationId"]!)];

    private static JsonNode Find(JsonNode summary, string credential) => summary["credentials"]!.AsArray().Single(each => (string)each!["credential"]! == credential)!;

    private static int TotalOf(JsonNode summary, string credential) => (int)Find(summary, credential)["registrations"]!;

    private static (int, string) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));

    private static string KeyOf(JsonNode enrollment, string key) => (string)enrollment["attestation"]!["symmetricKey"]![key]!;

    private static async Task UsedAtHubAsync(ProvisioningHost host, string device, string credential) => host.Get<ICredentialUses>().Used(await PrincipalAsync(host, device, credential), Client);

    /// <summary>As Identity makes it.</summary>
    private static async Task<Principal> PrincipalAsync(ProvisioningHost host, string device, string credential)
    {
        var registered = (await host.Get<ICredentialSource>().FindIdentityAsync(host.Hub.Name, new IdentityKey(DeviceId.Parse(device)), Token))!;
        return new Principal
        {
            Hub = host.Hub.Name,
            Identity = registered.Identity,
            Rights = Rights.DeviceConnect,
            Method = AuthenticationMethod.IdentityKey,
            Credential = credential,
            CredentialName = credential,
            CredentialMark = (credential == CredentialName.PrimaryKey ? registered.PrimaryKey : registered.SecondaryKey)!.Mark,
            GenerationId = registered.GenerationId,
        };
    }

    private static Principal PolicyPrincipal(ProvisioningHost host, string key) => new()
    {
        Hub = host.Instance.Name,
        PolicyName = "provisioningserviceowner",
        Rights = Rights.ProvisioningOwner,
        Method = AuthenticationMethod.PolicyKey,
        Credential = key,
        CredentialName = CredentialName.OfPolicy("provisioningserviceowner", key),
        CredentialMark = "AB",
    };

    private sealed class Sessions(params Principal[] open) : ILiveUses
    {
        public IReadOnlyList<LiveUse> Of(HubName hub) => [.. open.Where(each => each.Hub == hub).Select(each => new LiveUse(each, "1.3"))];
    }
}
