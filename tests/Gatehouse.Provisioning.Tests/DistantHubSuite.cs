using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub;
using Gatehouse.Provisioning.Attestation;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteDistantHubTests() : DistantHubSuite(null);

public sealed class PostgresDistantHubTests(PostgresServer server) : DistantHubSuite(server);

/// <summary>Devices that get a hub on another server: two servers, each with its own store, and TLS between them.</summary>
public abstract class DistantHubSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;
    private const string Twin = """ "initialTwin":{"tags":{"a":1},"properties":{"desired":{"b":2}}} """;
    private const string Here = """ "iotHubs":["localhost"] """;
    private const string There = """ "iotHubs":["127.0.0.1"] """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_gets_a_hub_on_another_server_with_its_keys_and_its_first_twin()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);

        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{Twin},{There}"));
        var outcome = await host.RegisterAsync("dev-1", key);

        Assert.Equal(("assigned", "127.0.0.1", "initialAssignment"), (outcome.Text("status"), outcome.Text("registrationState.assignedHub"), outcome.Text("registrationState.substatus")));
        var device = await distant.DeviceAsync("dev-1");
        Assert.Equal(key, device!.PrimaryKey);
        Assert.Equal(("""{"a":1}""", """{"b":2}"""), (await distant.TagsAsync("dev-1"), await distant.DesiredAsync("dev-1")));
        Assert.Null(await host.DeviceAsync("dev-1"));

        // Again: nothing is written, and what an operator did since stays.
        await distant.TagAsync("dev-1", """{"more":true}""");
        distant.Calls.Clear();
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
        Assert.Equal(["GET /devices/dev-1"], distant.Calls);
        Assert.Equal("""{"a":1,"more":true}""", await distant.TagsAsync("dev-1"));
    }

    [Fact]
    public async Task A_device_that_is_issued_certificates_is_known_there_by_the_newest_and_the_one_before()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        await CertificateIssuanceSuite.PolicyAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There},\"credentialPolicyName\":\"fleet\""));

        var known = new List<(string? Primary, string? Secondary)>();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key, CertificateIssuanceSuite.Body(SigningRequests.Good("dev-1")))).Text("status"));
            host.Time.Advance(TimeSpan.FromTicks(1));
            var device = (await distant.DeviceAsync("dev-1"))!;
            known.Add((device.PrimaryThumbprint, device.SecondaryThumbprint));
        }

        var issued = (await CertificateIssuanceSuite.InventoryAsync(host)).Select(each => each!["sha256Thumbprint"]!.GetValue<string>()).ToList();
        Assert.Equal([(issued[0], null), (issued[1], issued[0]), (issued[2], issued[1])], known);
    }

    [Theory]
    [InlineData("true", "deviceDataMigrated", """{"a":1,"more":true}""")]
    [InlineData("false", "deviceDataReset", """{"a":1}""")]
    public async Task A_device_moves_there_and_back_and_takes_its_twin_along_or_begins_anew(string migrates, string substatus, string tags)
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var policy = $$"""{{Twin}},"reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":{{migrates}}}""";
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{policy},{Here}");
        await host.TagAsync("dev-1", """{"more":true}""");

        await ChangeAsync(host, "dev-1", $"{policy},{There}");
        var there = await host.RegisterAsync("dev-1", key);

        Assert.Equal(("127.0.0.1", substatus), (there.Text("registrationState.assignedHub"), there.Text("registrationState.substatus")));
        Assert.Equal((tags, """{"b":2}"""), (await distant.TagsAsync("dev-1"), await distant.DesiredAsync("dev-1")));
        Assert.Null(await host.DeviceAsync("dev-1"));

        await distant.TagAsync("dev-1", """{"more":true}""");
        await ChangeAsync(host, "dev-1", $"{policy},{Here}");
        var back = await host.RegisterAsync("dev-1", key);

        Assert.Equal(("localhost", substatus), (back.Text("registrationState.assignedHub"), back.Text("registrationState.substatus")));
        Assert.Equal(tags, await host.TagsAsync("dev-1"));
        Assert.Null(await distant.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_hub_that_is_down_fails_the_registration_for_now_says_why_once_and_takes_the_device_later()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}"));
        distant.Fault = Abort;

        var first = await host.RegisterAsync("dev-1", key);
        var second = await host.RegisterAsync("dev-1", key);

        Assert.Equal((500, "500202", "2"), (first.Code, first.Text("errorCode"), first.Headers["Retry-After"]));
        Assert.True(Guid.TryParse(first.Text("trackingId"), out _));
        Assert.DoesNotContain("127.0.0.1", first.Body!.ToJsonString());
        Assert.Equal(500, second.Code);
        var state = await host.AskAsync("GET", "/registrations/dev-1");
        Assert.Equal(("failed", "500202", ""), (state.Text("status"), state.Text("errorCode"), state.Text("assignedHub")));
        var failed = Assert.Single(await AuditAsync(host), entry => entry.Action == "registration.fail");
        Assert.Contains("The linked hub '127.0.0.1' did not take the device: it cannot be reached", JsonNode.Parse(failed.Detail!)!["error"]!.GetValue<string>());

        distant.Fault = null;
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));
        Assert.NotNull(await distant.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_hub_that_cannot_be_reached_is_left_alone_for_a_while_and_tried_by_one()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}"));
        distant.Fault = Abort;

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        }

        Assert.Single(distant.Calls);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Equal(2, distant.Calls.Count);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Equal(2, distant.Calls.Count);
    }

    [Fact]
    public async Task A_hub_that_does_not_accept_the_connection_string_fails_the_registration_with_400209()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host, await DistantServer.StartAsync(host.Time, server), Convert.ToBase64String(new byte[32]));
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}"));

        var outcome = await host.RegisterAsync("dev-1", key);

        Assert.Equal((200, "failed", "400209"), (outcome.Code, outcome.Text("status"), outcome.Text("registrationState.errorCode")));
        Assert.Contains("does not accept the connection string", outcome.Text("registrationState.errorMessage"));
        Assert.Null(await distant.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_slow_hub_keeps_nobody_waiting_who_goes_elsewhere_and_has_no_more_calls_than_it_may()
    {
        await using var host = await StartAsync(new LinkedHubOptions { AllowPrivateAddresses = true, MaxCalls = 2 }, maxConcurrent: 3);
        await using var distant = await LinkAsync(host);
        var group = KeyOf(await host.EnrollAsync("g1", $"{Keys},{There}", isGroup: true));
        var near = KeyOf(await host.EnrollAsync("near", $"{Keys},{Here}"));
        var gate = new TaskCompletionSource();
        distant.Fault = async _ =>
        {
            await gate.Task;
            return false;
        };

        var slow = Enumerable.Range(0, 2).Select(i => host.RegisterAsync($"dev-{i}", ProvisioningHost.Derive(group, $"dev-{i}"))).ToList();
        await UntilAsync(() => distant.Calls.Count == 2);

        Assert.Equal(429, (await host.RegisterAsync("dev-2", ProvisioningHost.Derive(group, "dev-2"))).Code);
        Assert.Equal("assigned", (await host.RegisterAsync("near", near)).Text("status"));
        gate.SetResult();
        Assert.All(await Task.WhenAll(slow), answer => Assert.Equal("assigned", answer.Text("status")));
    }

    [Fact]
    public async Task A_registration_that_was_cut_short_between_device_and_twin_is_finished_by_the_next()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{Twin},{There}"));
        distant.Fault = http => http.Request.Method == "PATCH" ? Abort(http) : Task.FromResult(false);
        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Equal("{}", await distant.TagsAsync("dev-1"));

        distant.Fault = null;
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("initialAssignment", (await host.RegisterAsync("dev-1", key)).Text("registrationState.substatus"));
        Assert.Equal("""{"a":1}""", await distant.TagsAsync("dev-1"));
    }

    [Fact]
    public async Task A_device_whose_twin_the_hub_refuses_does_not_stay_behind_in_it()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{Twin},{There}"));
        distant.Fault = http => http.Request.Method == "PATCH" ? Answer(http, 400) : Task.FromResult(false);

        Assert.Equal("400209", (await host.RegisterAsync("dev-1", key)).Text("registrationState.errorCode"));
        Assert.Null(await distant.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task The_twin_is_never_lost_when_the_hub_that_a_device_leaves_is_down()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{Twin},{There}");
        await distant.TagAsync("dev-1", """{"more":true}""");
        await ChangeAsync(host, "dev-1", $"{Twin},{Here}");
        distant.Fault = Abort;

        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Null(await host.DeviceAsync("dev-1"));
        Assert.Equal(("failed", "500202"), ((await host.AskAsync("GET", "/registrations/dev-1")).Text("status"), (await host.AskAsync("GET", "/registrations/dev-1")).Text("errorCode")));

        distant.Fault = null;
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("deviceDataMigrated", (await host.RegisterAsync("dev-1", key)).Text("registrationState.substatus"));
        Assert.Equal("""{"a":1,"more":true}""", await host.TagsAsync("dev-1"));
        Assert.Null(await distant.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task What_could_not_be_taken_from_the_old_hub_is_told_and_removed_later()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{Twin},{There}");
        await ChangeAsync(host, "dev-1", $"{Twin},{Here}");
        distant.Fault = http => http.Request.Method == "DELETE" ? Abort(http) : Task.FromResult(false);

        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));
        Assert.NotNull(await distant.DeviceAsync("dev-1"));
        Assert.Contains("registration.leave dev-1", await host.AuditedAsync());

        distant.Fault = null;
        await host.Get<LeftDevices>().RunAsync(Token);
        Assert.NotNull(await distant.DeviceAsync("dev-1"));
        host.Time.Advance(TimeSpan.FromSeconds(31));
        await host.Get<LeftDevices>().RunAsync(Token);
        Assert.Null(await distant.DeviceAsync("dev-1"));
        Assert.Equal("registration.left", (await AuditAsync(host))[^1].Action);
    }

    [Fact]
    public async Task What_is_left_in_a_hub_that_is_linked_no_more_stays_there_and_the_audit_log_says_so()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{There}");
        await ChangeAsync(host, "dev-1", Here);
        distant.Fault = http => http.Request.Method == "DELETE" ? Abort(http) : Task.FromResult(false);
        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));
        Assert.Equal(204, (await host.AskAsync("DELETE", "/iotHubs/127.0.0.1", ifMatch: "*")).Code);

        host.Time.Advance(TimeSpan.FromSeconds(31));
        await host.Get<LeftDevices>().RunAsync(Token);
        await host.Get<LeftDevices>().RunAsync(Token);

        Assert.NotNull(await distant.DeviceAsync("dev-1"));
        Assert.Single(await AuditAsync(host), entry => entry.Action == "registration.abandon");
    }

    [Fact]
    public async Task A_device_that_came_back_before_it_was_removed_stays()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{There}");
        await ChangeAsync(host, "dev-1", Here);
        distant.Fault = http => http.Request.Method == "DELETE" ? Abort(http) : Task.FromResult(false);
        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));

        distant.Fault = null;
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await ChangeAsync(host, "dev-1", There);
        Assert.Equal("127.0.0.1", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));
        host.Time.Advance(TimeSpan.FromSeconds(31));
        await host.Get<LeftDevices>().RunAsync(Token);

        Assert.Equal(key, (await distant.DeviceAsync("dev-1"))!.PrimaryKey);
    }

    [Fact]
    public async Task A_device_that_somebody_takes_while_it_is_being_removed_stays()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = await RegisteredAsync(host, "dev-1", $"{Keys},{There}");
        await ChangeAsync(host, "dev-1", Here);
        distant.Fault = http => http.Request.Method == "DELETE" ? Abort(http) : Task.FromResult(false);
        Assert.Equal("localhost", (await host.RegisterAsync("dev-1", key)).Text("registrationState.assignedHub"));
        host.Time.Advance(TimeSpan.FromSeconds(31));

        // It is written between the look at it and its end.
        distant.Fault = async http =>
        {
            if (http.Request.Method == "DELETE")
            {
                distant.Fault = null;
                await distant.DisableAsync("dev-1");
            }

            return false;
        };
        await host.Get<LeftDevices>().RunAsync(Token);

        Assert.Contains("DELETE /devices/dev-1", distant.Calls);
        Assert.Null(distant.Fault);
        Assert.NotNull(await distant.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task Only_a_server_whose_certificate_leads_to_a_trusted_root_and_has_the_name_is_told_anything()
    {
        await using var host = await StartAsync();
        await using var untrusted = await LinkAsync(host, authorities: "");
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}"));
        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Empty(untrusted.Calls);

        await using var other = await DistantServer.StartAsync(host.Time, null, "other.example");
        Assert.Equal(200, (await host.AskAsync("PUT", "/iotHubs/127.0.0.1", Body(await other.ConnectionStringAsync(), other.Root), "*")).Code);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(500, (await host.RegisterAsync("dev-1", key)).Code);
        Assert.Empty(other.Calls);
    }

    [Fact]
    public async Task Private_addresses_are_called_only_where_that_is_allowed_and_redirects_are_not_followed()
    {
        await using var host = await StartAsync(new LinkedHubOptions());
        await using var distant = await LinkAsync(host);
        Assert.Equal(500, (await host.RegisterAsync("dev-1", KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}")))).Code);
        Assert.Empty(distant.Calls);

        await using var open = await StartAsync();
        await using var redirecting = await LinkAsync(open);
        redirecting.Fault = http =>
        {
            http.Response.Headers.Location = "/elsewhere";
            return Answer(http, 307);
        };
        Assert.Equal("400209", (await open.RegisterAsync("dev-1", KeyOf(await open.EnrollAsync("dev-1", $"{Keys},{There}")))).Text("registrationState.errorCode"));
        Assert.Single(redirecting.Calls);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"a":1,"a":2}""")]
    public async Task A_hub_that_answers_nonsense_gets_no_device(string nonsense)
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        distant.Fault = http => Answer(http, 200, nonsense);

        Assert.Equal("400209", (await host.RegisterAsync("dev-1", KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}")))).Text("registrationState.errorCode"));
    }

    [Fact]
    public async Task An_endless_answer_is_not_read_to_its_end()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        distant.Fault = http => Answer(http, 200, new string(' ', 65 * 1024));

        Assert.Contains("more than 65536 bytes", (await host.RegisterAsync("dev-1", KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}")))).Text("registrationState.errorMessage"));
    }

    [Fact]
    public async Task A_device_in_quarantine_is_disabled_there_without_its_keys_and_comes_back_unless_somebody_disabled_it()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}"));
        await host.RegisterAsync("dev-1", key);
        var (registrar, service, device) = (host.Get<LinkedHubRegistrar>(), host.Instance.Name, DeviceId.Parse("dev-1"));
        var hub = (await host.Get<KnownGroups>().FindAsync(service, Token)).Linked.Single(each => each.HostName == "127.0.0.1");
        var again = new ProvisionedDevice { Id = device, PrimaryKey = Convert.ToBase64String(new byte[32]), SecondaryKey = Convert.ToBase64String(new byte[33]), EndsQuarantineOf = service };
        var reason = QuarantineReason.Of(service, "PCR 7 changed");

        Assert.True((await registrar.QuarantineAsync(service, hub, "test", device, reason, Token)).IsOk);
        var cut = (await distant.DeviceAsync("dev-1"))!;
        Assert.Equal((false, reason), (cut.IsEnabled, cut.StatusReason));
        Assert.NotEqual(key, cut.PrimaryKey);
        Assert.True((await registrar.PatchTwinAsync(service, hub, "test", device, """{"properties":{"desired":{"measuredBoot":{"attestBy":"x"}}}}"""u8.ToArray(), Token)).IsOk);
        Assert.Equal("""{"measuredBoot":{"attestBy":"x"}}""", await distant.DesiredAsync("dev-1"));
        Assert.True((await registrar.RegisterAsync(service, hub, "test", again, isFirst: false, Token)).IsOk);
        var back = (await distant.DeviceAsync("dev-1"))!;
        Assert.Equal((true, again.PrimaryKey), (back.IsEnabled, back.PrimaryKey));

        await distant.DisableAsync("dev-1");
        Assert.True((await registrar.QuarantineAsync(service, hub, "test", device, reason, Token)).IsOk);
        Assert.NotEqual(again.PrimaryKey, (await distant.DeviceAsync("dev-1"))!.PrimaryKey);
        Assert.True((await registrar.RegisterAsync(service, hub, "test", again, isFirst: false, Token)).IsOk);
        Assert.False((await distant.DeviceAsync("dev-1"))!.IsEnabled);
        Assert.True((await registrar.QuarantineAsync(service, hub, "test", DeviceId.Parse("nobody"), reason, Token)).IsOk);
        Assert.Null(await distant.DeviceAsync("nobody"));
    }

    [Fact]
    public async Task A_hub_there_that_derives_the_keys_of_its_devices_refuses_those_of_enrollments_and_takes_a_devices_keys_away_all_the_same()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Keys},{There}"));
        await host.RegisterAsync("dev-1", key);
        await distant.DeriveKeysAsync();
        var (registrar, service, device) = (host.Get<LinkedHubRegistrar>(), host.Instance.Name, DeviceId.Parse("dev-1"));
        var hub = (await host.Get<KnownGroups>().FindAsync(service, Token)).Linked.Single(each => each.HostName == "127.0.0.1");

        var refused = await host.RegisterAsync("dev-2", KeyOf(await host.EnrollAsync("dev-2", $"{Keys},{There}")));
        Assert.Equal("failed", refused.Text("status"));
        Assert.Contains("did not take the device: it answered 400 ArgumentInvalid", refused.Text("registrationState.errorMessage"), StringComparison.Ordinal);
        Assert.Null(await distant.DeviceAsync("dev-2"));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key)).Text("status"));

        Assert.True((await registrar.QuarantineAsync(service, hub, "test", device, QuarantineReason.Of(service, "PCR 7 changed"), Token)).IsOk);
        var cut = (await distant.DeviceAsync("dev-1"))!;
        Assert.False(cut.IsEnabled);
        Assert.DoesNotContain(key, new[] { cut.PrimaryKey, cut.SecondaryKey });
    }

    private Task<ProvisioningHost> StartAsync(LinkedHubOptions? linked = null, int maxConcurrent = 64) => ProvisioningHost.StartAsync(
        server,
        new ProvisioningOptions { LinkedHubs = linked ?? new LinkedHubOptions { AllowPrivateAddresses = true }, MaxConcurrentRegistrations = maxConcurrent },
        new HubOptions { HostNames = ["localhost"] });

    private async Task<DistantServer> LinkAsync(ProvisioningHost host, DistantServer? distant = null, string? key = null, string? authorities = null)
    {
        distant ??= await DistantServer.StartAsync(host.Time, server);
        var linked = await host.AskAsync("PUT", "/iotHubs/127.0.0.1", Body(await distant.ConnectionStringAsync(key), authorities ?? distant.Root));
        Assert.True(linked.Code == 200, linked.Body?.ToJsonString());
        return distant;
    }

    private static string Body(string connectionString, string authorities) =>
        new JsonObject { ["connectionString"] = connectionString, ["certificateAuthorities"] = authorities, ["applyAllocationPolicy"] = false }.ToJsonString();

    private static Task<bool> Abort(HttpContext http)
    {
        http.Abort();
        return Task.FromResult(true);
    }

    private static async Task<bool> Answer(HttpContext http, int status, string body = "")
    {
        http.Response.StatusCode = status;
        await http.Response.WriteAsync(body, Token);
        return true;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 1_000, "It did not happen.");
            await Task.Delay(10, Token);
        }
    }

    private static async Task<IReadOnlyList<Contracts.Audit.AuditRecord>> AuditAsync(ProvisioningHost host) =>
        [.. (await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token)).Select(entry => entry.Fields)];

    private static async Task<string> RegisteredAsync(ProvisioningHost host, string id, string enrollment)
    {
        var key = KeyOf(await host.EnrollAsync(id, enrollment));
        Assert.Equal("assigned", (await host.RegisterAsync(id, key)).Text("status"));
        return key;
    }

    private static async Task ChangeAsync(ProvisioningHost host, string id, string rest) =>
        Assert.Equal(200, (await host.AskAsync("PUT", $"/enrollments/{id}", $$"""{{{Keys}},{{rest}}}""", "*")).Code);

    private static string KeyOf(JsonNode made) => made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();
}
