using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub;
using Gatehouse.Hub.Revoking;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Provisioning.LinkedHubs;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Microsoft.AspNetCore.Http;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;
using RevocationReason = Gatehouse.Contracts.Credentials.RevocationReason;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteRevocationNoticeTests() : RevocationNoticeSuite(null);

public sealed class PostgresRevocationNoticeTests(PostgresServer server) : RevocationNoticeSuite(server);

/// <summary>What the service revokes is refused by the hubs that it is linked with: of this server at once, of others as soon as they can be told.</summary>
public abstract class RevocationNoticeSuite(PostgresServer? server)
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"Fleet" """;
    private const string There = """ "iotHubs":["127.0.0.1"] """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hubs_of_this_server_refuse_it_when_the_answer_comes_and_say_why()
    {
        await using var host = await StartAsync();
        var second = HubName.Parse("second");
        await host.LinkAsync(second, "second.example");
        using var leaf = await IssueAsync(host, "Dev-1");
        using var other = await IssueAsync(host, "dev-2");

        var revoked = await RevokeAsync(host, leaf, "keyCompromise");

        Assert.Equal(("revoked", null), (revoked.Text("status"), revoked.Body!["untoldHubs"]));
        foreach (var hub in new[] { host.Hub.Name, second })
        {
            var entry = Refused(host.Get<IRevocations>(), hub, leaf)!;
            Assert.Equal((RevocationKind.Certificate, RevocationReason.KeyCompromise, "provisioning:gatehouse-dps"), (entry.Kind, entry.Reason, entry.Actor));
            Assert.Equal($"certificate {leaf.SerialNumber} of registration 'Dev-1', revoked at the provisioning service by policy:provisioningserviceowner", entry.Note);
            Assert.Null(Refused(host.Get<IRevocations>(), hub, other));
        }

        var told = (await AuditAsync(host)).Where(each => each.Action == "certificate.told").ToList();
        Assert.Equal(["localhost", "second.example"], told.Select(each => JsonNode.Parse(each.Detail!)!["hub"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.All(told, each => Assert.Equal(("server", "Dev-1"), (each.Actor, each.Subject)));
    }

    [Fact]
    public async Task What_a_crash_kept_from_a_hub_of_this_server_is_told_at_the_next_start_whatever_the_hub_is_called_then()
    {
        await using var host = await StartAsync();
        using var leaf = await IssueAsync(host, "dev-1");
        await CommitOnlyAsync(host, leaf);
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, token) =>
            {
                await Allocation.LinkedHubRows.RenameAsync(transaction, host.Instance.Name, host.Hub.Name, "renamed.example", token);
                return true;
            },
            Token);
        Assert.Null(Refused(host.Get<IRevocations>(), host.Hub.Name, leaf));
        Assert.Equal(["localhost"], await UntoldAsync(host));

        await host.Get<RevocationNotices.RevocationNotices>().TellHereAsync(Token);

        Assert.NotNull(Refused(host.Get<IRevocations>(), host.Hub.Name, leaf));
        Assert.Empty(await UntoldAsync(host));
    }

    [Fact]
    public async Task More_than_fit_into_one_look_are_all_told()
    {
        await using var host = await StartAsync();
        using var leaf = await IssueAsync(host, "dev-1");
        await CommitOnlyAsync(host, leaf, Enumerable.Range(0, 250).Select(i => $"{i:X64}"));

        await host.Get<RevocationNotices.RevocationNotices>().TellHereAsync(Token);

        Assert.Equal(250, host.Get<IRevocations>().Of(host.Hub.Name).Count);
    }

    [Fact]
    public async Task A_hub_whose_list_is_full_is_named_and_told_when_there_is_room()
    {
        await using var host = await StartAsync(new RevocationOptions { MaxPerHub = 1 });
        using var first = await IssueAsync(host, "dev-1");
        using var second = await IssueAsync(host, "dev-2");
        await RevokeAsync(host, first);

        var revoked = await RevokeAsync(host, second);

        Assert.Equal("localhost", revoked.Body!["untoldHubs"]!.AsArray().Single()!["name"]!.GetValue<string>());
        Assert.Contains("The list has 1 entries already", revoked.Body!["untoldHubs"]!.AsArray().Single()!["problem"]!.GetValue<string>());
        await RunAsync(host);
        Assert.Equal(["localhost"], await UntoldAsync(host));

        await host.Get<RevocationList>().UndoAsync(host.Hub.Name, ThumbprintOf(first), isMistake: true, "test", Token);
        host.Time.Advance(TimeSpan.FromSeconds(5));
        await RunAsync(host);
        Assert.NotNull(Refused(host.Get<IRevocations>(), host.Hub.Name, second));
        Assert.Empty(await UntoldAsync(host));
    }

    [Fact]
    public async Task What_was_revoked_before_is_told_again_by_the_same_command()
    {
        await using var host = await StartAsync();
        using var leaf = await IssueAsync(host, "dev-1");
        await RevokeAsync(host, leaf);
        await host.Get<RevocationList>().UndoAsync(host.Hub.Name, ThumbprintOf(leaf), isMistake: true, "test", Token);
        Assert.Null(Refused(host.Get<IRevocations>(), host.Hub.Name, leaf));

        await RevokeAsync(host, leaf);

        Assert.NotNull(Refused(host.Get<IRevocations>(), host.Hub.Name, leaf));
    }

    [Fact]
    public async Task A_hub_on_another_server_has_it_on_its_list_as_soon_as_it_can_be_told()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        using var leaf = await IssueAsync(host, "dev-1", There);
        distant.Fault = Abort;

        var revoked = await RevokeAsync(host, leaf, "superseded");
        Assert.Equal([("127.0.0.1", null)], revoked.Body!["untoldHubs"]!.AsArray().Select(each => (each!["name"]!.GetValue<string>(), each["problem"]?.GetValue<string>())));
        await RunAsync(host);
        var shown = (await InventoryAsync(host)).Single()!["untoldHubs"]!.AsArray().Single()!;
        Assert.Contains("it cannot be reached", shown["problem"]!.GetValue<string>());
        distant.Calls.Clear();
        await RunAsync(host);
        Assert.Empty(distant.Calls);

        distant.Fault = null;
        host.Time.Advance(TimeSpan.FromSeconds(3));
        await RunAsync(host);

        Assert.Equal(["POST /gatehouse/v1/revocations"], distant.Calls);
        var entry = Refused(distant.Revocations, DistantServer.Hub, leaf)!;
        Assert.Equal(RevocationReason.Superseded, entry.Reason);
        Assert.Contains(leaf.SerialNumber, entry.Note);
        Assert.Empty(await UntoldAsync(host));
        Assert.Equal("certificate.told", (await AuditAsync(host))[^1].Action);
    }

    [Fact]
    public async Task A_hub_that_is_linked_later_is_told_of_all_that_was_revoked_and_has_not_ended()
    {
        await using var host = await StartAsync();
        var second = HubName.Parse("second");
        await host.LinkAsync(second, "second.example");
        Assert.Equal(204, (await host.AskAsync("DELETE", "/iotHubs/second.example", ifMatch: "*")).Code);
        using var ended = await IssueAsync(host, "dev-1");
        await RevokeAsync(host, ended);
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, token) =>
            {
                var sql = "UPDATE issued_certificates SET not_after = @Now WHERE serial = @SerialNumber";
                return await transaction.Connection.ExecuteAsync(new CommandDefinition(sql, new { Now = host.Time.GetUtcNow().UtcTicks, ended.SerialNumber }, transaction.Transaction, cancellationToken: token)) == 1;
            },
            Token);
        using var revoked = await IssueAsync(host, "dev-2");
        await RevokeAsync(host, revoked, "keyCompromise");
        using var good = await IssueAsync(host, "dev-3");

        var linked = await host.AskAsync("PUT", "/iotHubs/second.example", "{}");
        Assert.True(linked.Code == 200, linked.Body?.ToJsonString());
        await using var distant = await LinkAsync(host);
        await RunAsync(host);

        foreach (var (revocations, hub) in new[] { (host.Get<IRevocations>(), second), (distant.Revocations, DistantServer.Hub) })
        {
            var entry = Refused(revocations, hub, revoked)!;
            Assert.Equal(RevocationReason.KeyCompromise, entry.Reason);
            Assert.Contains("told as policy:provisioningserviceowner linked the hub", entry.Note, StringComparison.Ordinal);
            Assert.Null(Refused(revocations, hub, good));
            Assert.Null(Refused(revocations, hub, ended));
        }

        Assert.Empty(await UntoldAsync(host));
    }

    [Fact]
    public async Task One_hub_that_cannot_be_reached_costs_one_call_however_much_it_is_to_be_told()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        using var leaf = await IssueAsync(host, "dev-1", There);
        await CommitOnlyAsync(host, leaf, Enumerable.Range(0, 250).Select(i => $"{i:X64}"));
        await host.Get<RevocationNotices.RevocationNotices>().TellHereAsync(Token);
        distant.Calls.Clear();
        distant.Fault = Abort;

        await RunAsync(host);

        Assert.Single(distant.Calls);
        distant.Fault = null;
        host.Time.Advance(TimeSpan.FromSeconds(3));
        await RunAsync(host);
        Assert.Equal(250, distant.Revocations.Of(DistantServer.Hub).Count);
    }

    [Fact]
    public async Task Where_our_policy_may_not_touch_the_list_the_certificate_is_taken_from_the_device()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host, "registrar");
        using var first = await IssueAsync(host, "dev-1", There);
        using var second = ChainOf(await host.RegisterAsync("dev-1", await KeyAsync(host, "dev-1"), Body(SigningRequests.Good("dev-1"))))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((ThumbprintOf(second), ThumbprintOf(first)), await KnownAsync(distant));

        await RevokeAsync(host, second);
        await RunAsync(host);
        Assert.Equal((ThumbprintOf(first), null), await KnownAsync(distant));

        await RevokeAsync(host, first);
        await RunAsync(host);
        var left = (await distant.DeviceAsync("dev-1"))!;
        Assert.Equal((null, true), (left.PrimaryThumbprint, left.PrimaryKey is not null));
        Assert.Empty(await UntoldAsync(host));

        // The device comes back with another certificate.
        using var third = ChainOf(await host.RegisterAsync("dev-1", await KeyAsync(host, "dev-1"), Body(SigningRequests.Good("dev-1"))))[0];
        Assert.Equal((ThumbprintOf(third), null), await KnownAsync(distant));
    }

    [Fact]
    public async Task A_hub_that_is_linked_no_more_is_told_nothing_and_the_audit_log_says_so()
    {
        await using var host = await StartAsync();
        await using var distant = await LinkAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        await RevokeAsync(host, leaf);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/iotHubs/127.0.0.1", ifMatch: "*")).Code);

        await RunAsync(host);

        Assert.Null(Refused(distant.Revocations, DistantServer.Hub, leaf));
        Assert.Empty(await UntoldAsync(host));
        Assert.Equal("certificate.untold", (await AuditAsync(host))[^1].Action);
    }

    private Task<ProvisioningHost> StartAsync(RevocationOptions? revocations = null) => ProvisioningHost.StartAsync(
        server,
        new ProvisioningOptions { LinkedHubs = new LinkedHubOptions { AllowPrivateAddresses = true } },
        new HubOptions { HostNames = ["localhost"], Revocations = revocations ?? new() });

    private async Task<DistantServer> LinkAsync(ProvisioningHost host, string policy = "iothubowner")
    {
        var distant = await DistantServer.StartAsync(host.Time, server);
        if (policy != "iothubowner")
        {
            await distant.AddPolicyAsync(policy);
        }

        var body = new JsonObject { ["connectionString"] = await distant.ConnectionStringAsync(policy: policy), ["certificateAuthorities"] = distant.Root, ["applyAllocationPolicy"] = false };
        var linked = await host.AskAsync("PUT", "/iotHubs/127.0.0.1", body.ToJsonString());
        Assert.True(linked.Code == 200, linked.Body?.ToJsonString());
        return distant;
    }

    private static async Task<X509Certificate2> IssueAsync(ProvisioningHost host, string id, string? more = null)
    {
        if ((await host.AskAsync("GET", "/credentialPolicies/Fleet")).Code == 404)
        {
            await PolicyAsync(host);
        }

        var leaf = ChainOf(await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, more is null ? Issued : $"{Issued},{more}")), Body(SigningRequests.Good(id))))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));
        return leaf;
    }

    private static async Task<string> KeyAsync(ProvisioningHost host, string id) => (await host.AskAsync("POST", $"/enrollments/{id}/attestationmechanism")).Text("symmetricKey.primaryKey");

    private static async Task<ProvisioningHost.Answer> RevokeAsync(ProvisioningHost host, X509Certificate2 leaf, string reason = "unspecified")
    {
        var revoked = await host.AskAsync("POST", $"/issuedCertificates/{leaf.SerialNumber}/revoke", $$"""{"reason":"{{reason}}"}""");
        Assert.True(revoked.Code == 200, revoked.Body?.ToJsonString());
        return revoked;
    }

    /// <summary>The transaction of a revocation, after which the server was killed; or those of many, of which only the notices are made.</summary>
    private static Task<Result<bool>> CommitOnlyAsync(ProvisioningHost host, X509Certificate2 leaf, IEnumerable<string>? thumbprints = null) => host.Get<Database>().WriteAsync<bool>(
        async (transaction, token) =>
        {
            await IssuedCertificateRows.RevokeAsync(transaction, host.Instance.Name, leaf.SerialNumber, "keyCompromise", host.Time.GetUtcNow().UtcTicks, token);
            var row = (await IssuedCertificateRows.FindAsync(transaction, host.Instance.Name, leaf.SerialNumber, token))!;
            foreach (var thumbprint in thumbprints ?? [row.Thumbprint])
            {
                var serial = thumbprints is null ? row.Serial : thumbprint[^32..];
                await host.Get<RevocationNotices.RevocationNotices>().KeepAsync(transaction, row with { Serial = serial, Thumbprint = thumbprint }, "test", token);
            }

            return true;
        },
        Token);

    private static Task RunAsync(ProvisioningHost host) => host.Get<RevocationNotices.RevocationNotices>().RunAsync(Token);

    private static async Task<IReadOnlyList<string>> UntoldAsync(ProvisioningHost host) =>
        [.. (await InventoryAsync(host)).SelectMany(each => each!["untoldHubs"]?.AsArray() ?? []).Select(hub => hub!["name"]!.GetValue<string>())];

    private static Revocation? Refused(IRevocations revocations, HubName hub, X509Certificate2 leaf) => revocations.Of(hub).Find(CertificateMark.Of(leaf.RawData));

    private static async Task<(string?, string?)> KnownAsync(DistantServer distant)
    {
        var device = (await distant.DeviceAsync("dev-1"))!;
        return (device.PrimaryThumbprint, device.SecondaryThumbprint);
    }

    private static string ThumbprintOf(X509Certificate2 leaf) => leaf.GetCertHashString(HashAlgorithmName.SHA256);

    private static async Task<IReadOnlyList<Contracts.Audit.AuditRecord>> AuditAsync(ProvisioningHost host) =>
        [.. (await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token)).Select(entry => entry.Fields)];

    private static Task<bool> Abort(HttpContext http)
    {
        http.Abort();
        return Task.FromResult(true);
    }
}
