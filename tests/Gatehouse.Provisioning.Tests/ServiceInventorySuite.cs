using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Store;
using Gatehouse.Store.Certificates;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteServiceInventoryTests() : ServiceInventorySuite(null);

public sealed class PostgresServiceInventoryTests(PostgresServer server) : ServiceInventorySuite(server);

/// <summary>What a provisioning service puts into the inventory of certificates, what ends when, and its alarms.</summary>
public abstract class ServiceInventorySuite(PostgresServer? server)
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"Fleet" """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_issued_is_known_at_once_and_former_when_it_was_replaced_revoked_or_its_registration_forgotten()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var policy = await CertificateIssuanceSuite.PolicyAsync(host);
        var key = CertificateIssuanceSuite.KeyOf(await host.EnrollAsync("Dev-1", Issued));
        using var first = await IssueAsync(host, key);
        using var second = await IssueAsync(host, key);

        var all = await ListAsync(host, "kind=issued");
        var (old, now) = (Find(all, first), Find(all, second));
        Assert.Equal(("dev-1", "former", "CN=Dev-1", "ec-p384"), (Text(old, "usedBy"), Text(old, "status"), Text(old, "subject"), Text(old, "keyType")));
        Assert.Equal(("dev-1", "current", second.SerialNumber, second.Issuer), (Text(now, "usedBy"), Text(now, "status"), Text(now, "serialNumber"), Text(now, "issuer")));
        using var root = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(policy.Text("certificate")));
        Assert.Equal(ThumbprintOf(root), Text(now, "authoritySha256"));
        Assert.Equal("Fleet", Text(Assert.Single(await ListAsync(host, "kind=policy-ca"))!, "usedBy"));
        Assert.Equal(2, (await ListAsync(host, $"issuer={Uri.EscapeDataString(second.Issuer)}&kind=issued")).Count);

        Assert.Equal(200, (await host.AskAsync("POST", $"/issuedCertificates/{second.SerialNumber}/revoke", "{}")).Code);
        Assert.Equal(["former", "former"], (await ListAsync(host, "kind=issued")).Select(each => Text(each!, "status")));
        using var third = await IssueAsync(host, key);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/registrations/dev-1")).Code);
        Assert.Equal("former", Text(Find(await ListAsync(host, "kind=issued"), third), "status"));
    }

    [Fact]
    public async Task What_was_issued_before_there_was_an_inventory_is_taken_in_by_the_upgrade()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await CertificateIssuanceSuite.PolicyAsync(host);
        var key = CertificateIssuanceSuite.KeyOf(await host.EnrollAsync("Dev-1", Issued));
        using var first = await IssueAsync(host, key);
        using var second = await IssueAsync(host, key);
        await host.Get<Database>().WriteAsync<int>(
            async (write, _) => await write.Connection.ExecuteAsync("DELETE FROM known_certificates; DELETE FROM schemaversions WHERE scriptname LIKE '%/0046-%'", transaction: write.Transaction), Token);
        Assert.Empty(await ListAsync(host, "kind=issued"));

        await host.Get<Database>().MigrateAsync([typeof(Database).Assembly, typeof(Hub.HubSetup).Assembly, typeof(ProvisioningSetup).Assembly], Token);

        var all = await ListAsync(host, "kind=issued");
        Assert.Equal(("former", "current"), (Text(Find(all, first), "status"), Text(Find(all, second), "status")));
        Assert.Equal(("dev-1", "CN=Dev-1", second.SerialNumber, "2026-12-24T12:00:00Z"), (Text(Find(all, second), "usedBy"), Text(Find(all, second), "subject"), Text(Find(all, second), "serialNumber"), Text(Find(all, second), "notAfter")));
        await LookAfterAsync(host, TimeSpan.FromDays(24));
        Assert.Equal("dev-1", Text(Assert.Single((await host.AskAsync("GET", "/certificateAlarms")).Body!["value"]!.AsArray())!, "usedBy"));
    }

    [Fact]
    public async Task Who_registers_with_a_certificate_and_the_CAs_of_groups_and_of_the_service_are_known()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root("group root");
        using var own = TestCertificate.SelfSigned("dev-2");
        await host.EnrollAsync("G1", X509(root, "signingCertificates"), isGroup: true);
        await host.EnrollAsync("dev-2", X509(own, "clientCertificates"));
        Assert.Equal(200, (await host.AskAsync("PUT", "/certificates/plant", new JsonObject { ["properties"] = new JsonObject { ["certificate"] = root.Base64, ["isVerified"] = true } }.ToJsonString())).Code);
        using var line = root.Authority("line");
        using var leaf = line.Leaf("Dev-1");
        await host.RegisterAsync("Dev-1", leaf.Shown());
        await host.RegisterAsync("dev-2", own.Shown());

        var all = await ListAsync(host);

        Assert.Equal(["ca plant", "device dev-1", "device dev-2", "enrollment-group G1"], all.Select(each => $"{Text(each!, "kind")} {Text(each!, "usedBy")}").Order(StringComparer.Ordinal));
        var device = all.Single(each => Text(each!, "usedBy") == "dev-1")!;
        Assert.Equal((leaf.Thumbprint, root.Thumbprint, "CN=line"), (Text(device, "sha256Thumbprint"), Text(device, "authoritySha256"), Text(device, "issuer")));
        Assert.Equal("2026-11-24T12:00:00Z", Text(device, "lastSeen"));
        Assert.Equal("2026-11-24T12:00:00Z", Text(all.Single(each => Text(each!, "usedBy") == "G1")!, "lastSeen"));
    }

    [Fact]
    public async Task The_forecast_and_the_alarms_are_the_service_s_and_are_acknowledged_there()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await CertificateIssuanceSuite.PolicyAsync(host);
        using var leaf = await IssueAsync(host, CertificateIssuanceSuite.KeyOf(await host.EnrollAsync("Dev-1", Issued)));

        var forecast = (await host.AskAsync("GET", "/certificateForecast?by=day&withinDays=60")).Body!;
        Assert.Equal(("2026-12-24T00:00:00Z", 1, 1), (Text(forecast["periods"]![0]!, "start"), (int)forecast["periods"]![0]!["certificates"]!, (int)forecast["periods"]![0]!["devices"]!));
        Assert.Equal("dev-1", Text(forecast["devices"]!["value"]![0]!, "usedBy"));

        Assert.Empty((await host.AskAsync("GET", "/certificateAlarms")).Body!["value"]!.AsArray());
        await LookAfterAsync(host, TimeSpan.FromDays(24));
        var alarm = Assert.Single((await host.AskAsync("GET", "/certificateAlarms")).Body!["value"]!.AsArray())!;
        Assert.Equal(("issued", "dev-1", 7), (Text(alarm, "kind"), Text(alarm, "usedBy"), (int)alarm["days"]!));
        Assert.Equal("1", (await host.AskAsync("POST", $"/certificateAlarms/{Text(alarm, "id")}/acknowledge")).Text("acknowledged"));
        Assert.Empty((await host.AskAsync("GET", "/certificateAlarms")).Body!["value"]!.AsArray());
        Assert.Equal("policy:provisioningserviceowner", Text((await host.AskAsync("GET", "/certificateAlarms?closed=true")).Body!["value"]![0]!, "closedBy"));
        Assert.Contains("certificateAlarm.acknowledge dev-1", await host.AuditedAsync());
        foreach (var wrong in new[] { "certificateInventory?kind=x", "certificateForecast?by=year", "certificateAlarms?closed=maybe", "certificateInventory?after=x" })
        {
            Assert.Equal(400, (await host.AskAsync("GET", $"/{wrong}")).Code);
        }
    }

    // By a clock of its own: that of the host would run all other upkeep of so many days.
    private static async Task LookAfterAsync(ProvisioningHost host, TimeSpan time)
    {
        using var watch = new CertificateAlarmWatch(
            host.Get<Database>(), host.Get<CertificateInventory>(), host.Get<CertificateAlarmOptions>(), new FakeTimeProvider(host.Time.GetUtcNow() + time), host.Get<IMeterFactory>(), NullLogger<CertificateAlarmWatch>.Instance);
        await watch.LookAsync(Token);
    }

    private static async Task<JsonArray> ListAsync(ProvisioningHost host, string query = "") => (await host.AskAsync("GET", $"/certificateInventory?{query}")).Body!["value"]!.AsArray();

    private static async Task<X509Certificate2> IssueAsync(ProvisioningHost host, string key)
    {
        host.Time.Advance(TimeSpan.FromTicks(1));
        var chain = CertificateIssuanceSuite.ChainOf(await host.RegisterAsync("Dev-1", key, CertificateIssuanceSuite.Body(SigningRequests.Good("Dev-1"))));
        chain[1].Dispose();
        return chain[0];
    }

    private static JsonNode Find(JsonArray all, X509Certificate2 certificate) => all.Single(each => Text(each!, "sha256Thumbprint") == ThumbprintOf(certificate))!;

    private static string ThumbprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    private static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? "";

    private static string X509(TestCertificate certificate, string block)
    {
        var pair = new JsonObject { ["primary"] = new JsonObject { ["certificate"] = certificate.Base64 } };
        return $"\"attestation\":{new JsonObject { ["type"] = "x509", ["x509"] = new JsonObject { [block] = pair } }.ToJsonString()}";
    }
}
