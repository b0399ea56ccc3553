using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Store.Suite;
using Gatehouse.Store.TrustLog;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteCertificateIssuanceTests() : CertificateIssuanceSuite(null);

public sealed class PostgresCertificateIssuanceTests(PostgresServer server) : CertificateIssuanceSuite(server);

/// <summary>Certificates that are issued at registration: what they say, who gets which, how they take each other's place, and what is remembered of them.</summary>
public abstract class CertificateIssuanceSuite(PostgresServer? server)
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"Fleet" """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_that_sends_a_CSR_is_issued_a_certificate_of_its_name_and_its_hub_knows_it_by_that()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var policy = await PolicyAsync(host);
        var key = KeyOf(await host.EnrollAsync("Dev-1", Issued));

        var outcome = await host.RegisterAsync("Dev-1", key, Body(SigningRequests.Greedy("dev-1", "DEV-1")));

        Assert.Equal((200, "assigned"), (outcome.Code, outcome.Text("status")));
        var chain = ChainOf(outcome);
        using var leaf = chain[0];
        using var root = chain[1];
        Assert.Equal((2, policy.Text("certificate"), "CN=Dev-1"), (chain.Count, Convert.ToBase64String(root.RawData), leaf.Subject));
        Assert.Equal((ProvisioningHost.Now.AddMinutes(-5).UtcDateTime, ProvisioningHost.Now.AddDays(30).UtcDateTime), (leaf.NotBefore.ToUniversalTime(), leaf.NotAfter.ToUniversalTime()));
        Assert.Equal(["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"], leaf.Extensions.Select(each => each.Oid!.Value).Order(StringComparer.Ordinal));
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, leaf.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(["1.3.6.1.5.5.7.3.2"], leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(each => each.Value));
        Assert.False(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(["Dev-1"], leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        Assert.Equal(16, leaf.SerialNumberBytes.Length);
        Assert.True(LeadsTo(leaf, root));

        var device = (await host.DeviceAsync("Dev-1"))!;
        Assert.Equal((ThumbprintOf(leaf), null, null), (device.PrimaryThumbprint, device.SecondaryThumbprint, device.PrimaryKey));
        var known = (await InventoryAsync(host)).Single()!;
        Assert.Equal(
            ("Dev-1", leaf.SerialNumber, ThumbprintOf(leaf), ThumbprintOf(root), "Fleet", "ec-p256", "current"),
            (Text(known, "registrationId"), Text(known, "serialNumber"), Text(known, "sha256Thumbprint"), Text(known, "issuerSha256Thumbprint"), Text(known, "credentialPolicyName"), Text(known, "keyType"), Text(known, "status")));
        Assert.Equal("", (await host.AskAsync("GET", "/registrations/dev-1")).Text("issuedCertificateChain"));
        Assert.Equal(["credentialpolicy.create Fleet", "enrollment.create Dev-1", "registration.assign Dev-1", "certificate.issue Dev-1"], await host.AuditedAsync());
        Assert.True(await IsLoggedAsync(host, ThumbprintOf(leaf)));
        Assert.True(await IsLoggedAsync(host, ThumbprintOf(root)));
        Assert.False(await IsLoggedAsync(host, new string('0', 64)));
        Assert.Equal("Fleet", (await host.AskAsync("GET", "/enrollments/dev-1")).Text("credentialPolicyName"));
    }

    /// <summary>Whether an entry of the trust log is about a certificate; it has its place already, or waits for it.</summary>
    internal static async Task<bool> IsLoggedAsync(ProvisioningHost host, string? thumbprint)
    {
        var (places, isWaiting) = await host.Get<TrustLogStore>().FindAsync(Convert.FromHexString(thumbprint!), Token);
        return isWaiting || places.Count > 0;
    }

    [Fact]
    public async Task A_renewed_certificate_stands_beside_the_one_before_and_no_third()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var authority = await ShortAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));

        var first = await IssueAsync(host, key);
        var second = await IssueAsync(host, key);
        Assert.Equal((second, first), await ThumbprintsAsync(host));
        var third = await IssueAsync(host, key);

        Assert.Equal((third, second), await ThumbprintsAsync(host));
        Assert.Equal(["superseded", "superseded", "current"], (await InventoryAsync(host, "registrationId=DEV-1")).Select(each => Text(each!, "status")));
        host.Time.Advance(Short + TimeSpan.FromSeconds(1));
        Assert.Equal(["expired", "expired", "expired"], (await InventoryAsync(host)).Select(each => Text(each!, "status")));
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"newAuthority":true}""", "*")).Code);
        var fourth = await IssueAsync(host, key);
        Assert.Equal((fourth, null), await ThumbprintsAsync(host));
    }

    [Fact]
    public async Task A_thumbprint_that_an_operator_took_away_does_not_come_back_by_a_renewal()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        await IssueAsync(host, key);
        await host.Get<IdentityRegistry>().DeleteAsync(host.Hub.Name, "test", new IdentityKey(DeviceId.Parse("dev-1")), IfMatch.Any, Token);

        var renewed = await IssueAsync(host, key);

        Assert.Equal((renewed, null), await ThumbprintsAsync(host));
    }

    [Fact]
    public async Task Who_registers_without_a_CSR_gets_the_credentials_of_its_enrollment_and_no_certificate()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        await IssueAsync(host, key);

        var outcome = await host.RegisterAsync("dev-1", key);

        Assert.Equal(("assigned", ""), (outcome.Text("status"), outcome.Text("registrationState.issuedCertificateChain")));
        Assert.Equal(key, (await host.DeviceAsync("dev-1"))!.PrimaryKey);
        Assert.Equal((null, null), await ThumbprintsAsync(host));
        Assert.Equal(["superseded"], (await InventoryAsync(host)).Select(each => Text(each!, "status")));
    }

    [Fact]
    public async Task Devices_of_groups_and_those_with_a_certificate_of_their_own_are_issued_one_too()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        var group = await host.EnrollAsync("g1", Issued, isGroup: true);
        using var own = TestCertificate.SelfSigned("dev-2");
        await host.EnrollAsync("dev-2", $$"""{{X509(own, "clientCertificates")}},"credentialPolicyName":"fleet" """);

        var member = await host.RegisterAsync("dev-1", ProvisioningHost.Derive(KeyOf(group), "dev-1"), Body(SigningRequests.Good("dev-1")));
        var shown = await host.RegisterAsync("dev-2", own.Shown(), SigningRequests.Good("dev-2"));

        Assert.Equal("assigned", member.Text("status"));
        using var leaf = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(shown.Value.Operation!.RegistrationState!.IssuedCertificateChain![0]));
        Assert.Equal(("CN=dev-2", ThumbprintOf(leaf)), (leaf.Subject, (await host.DeviceAsync("dev-2"))!.PrimaryThumbprint));
    }

    [Fact]
    public async Task A_device_that_gets_another_hub_has_only_its_new_certificate_there()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var other = HubName.Parse("second");
        await host.LinkAsync(other, "second.example");
        await PolicyAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", $"{Issued},\"iotHubs\":[\"localhost\"]"));
        await IssueAsync(host, key);
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{{{Issued}},"iotHubs":["second.example"]}""", "*")).Code);

        var moved = await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")));

        using var leaf = ChainOf(moved)[0];
        Assert.Equal("second.example", moved.Text("registrationState.assignedHub"));
        Assert.Equal((ThumbprintOf(leaf), null), ((await host.DeviceAsync("dev-1", other))!.PrimaryThumbprint, (await host.DeviceAsync("dev-1", other))!.SecondaryThumbprint));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_registration_that_gets_no_hub_leaves_no_certificate_behind()
    {
        await using var host = await ProvisioningHost.StartAsync(server, hub: new() { Registry = new() { MaxIdentities = 1 } });
        await PolicyAsync(host);
        await IssueAsync(host, KeyOf(await host.EnrollAsync("dev-1", Issued)));
        var key = KeyOf(await host.EnrollAsync("dev-2", Issued));

        var failed = await host.RegisterAsync("dev-2", key, Body(SigningRequests.Good("dev-2")));

        Assert.Equal(("failed", "400209", ""), (failed.Text("status"), failed.Text("registrationState.errorCode"), failed.Text("registrationState.issuedCertificateChain")));
        Assert.Equal(["dev-1"], (await InventoryAsync(host)).Select(each => Text(each!, "registrationId")));
    }

    [Fact]
    public async Task A_certificate_ends_no_later_than_its_CA_and_an_ended_CA_issues_none()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var authority = await ShortAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));

        using var leaf = ChainOf(await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1"))))[0];
        Assert.Equal(authority.Certificate.NotAfter, leaf.NotAfter);
        Assert.True(LeadsTo(leaf, authority.Certificate));
        host.Time.Advance(Short + TimeSpan.FromSeconds(1));
        var late = await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")));
        Assert.Equal((400, "400213"), (late.Code, late.Text("errorCode")));
    }

    [Fact]
    public async Task The_inventory_is_read_page_by_page_by_device_by_policy_and_by_expiry()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        await PolicyAsync(host, "short", """{"validityDays":1}""");
        foreach (var id in new[] { "dev-1", "dev-2", "dev-3" })
        {
            await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, Issued)), Body(SigningRequests.Good(id)));
            host.Time.Advance(TimeSpan.FromMinutes(1));
        }

        await host.RegisterAsync("dev-4", KeyOf(await host.EnrollAsync("dev-4", Issued.Replace("Fleet", "SHORT", StringComparison.Ordinal))), Body(SigningRequests.Good("dev-4")));

        Assert.Equal(["dev-1", "dev-2", "dev-3", "dev-4"], await PagedAsync(host, ""));
        Assert.Equal(["dev-1", "dev-2", "dev-3"], await PagedAsync(host, "credentialPolicyName=FLEET"));
        Assert.Equal(["dev-2"], await PagedAsync(host, "registrationId=Dev-2"));
        Assert.Equal(["dev-4", "dev-1"], await PagedAsync(host, $"expiresBefore={ProvisioningHost.Now.AddDays(30).AddSeconds(1):yyyy-MM-ddTHH:mm:ssZ}"));
        foreach (var wrong in new[] { "registrationId=a&credentialPolicyName=b", "registrationId=a%20b", "expiresBefore=soon", "credentialPolicyName=%20" })
        {
            Assert.Equal(400, (await host.AskAsync("GET", $"/issuedCertificates?{wrong}")).Code);
        }

        Assert.Equal(400, (await host.AskAsync("GET", "/issuedCertificates", null, null, ("x-ms-continuation", Convert.ToBase64String("a"u8)))).Code);
    }

    [Fact]
    public async Task Entries_of_the_inventory_go_when_they_ended_long_ago_and_others_are_issued()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { IssuedCertificateRetention = TimeSpan.FromMinutes(5) });
        using var authority = await ShortAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        var first = await IssueAsync(host, key);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"newAuthority":true}""", "*")).Code);

        host.Time.Advance(Short + TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        var second = await IssueAsync(host, key);
        Assert.Equal([first, second], (await InventoryAsync(host)).Select(each => Text(each!, "sha256Thumbprint")));
        host.Time.Advance(TimeSpan.FromSeconds(2));
        var third = await IssueAsync(host, key);

        Assert.Equal([second, third], (await InventoryAsync(host)).Select(each => Text(each!, "sha256Thumbprint")));
    }

    [Fact]
    public async Task A_device_is_issued_as_many_certificates_within_an_hour_as_it_may_be_and_not_one_more()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxCertificatesPerHour = 2 });
        await PolicyAsync(host);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        await IssueAsync(host, key);
        await IssueAsync(host, key);
        var before = await ThumbprintsAsync(host);

        var refused = await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")));

        Assert.Equal((429, "429001"), (refused.Code, refused.Text("errorCode")));
        Assert.Equal(before, await ThumbprintsAsync(host));
        host.Time.Advance(TimeSpan.FromHours(1));
        await IssueAsync(host, key);
    }

    internal static string Body(string csr, string? id = null) => new JsonObject { ["registrationId"] = id, ["csr"] = csr }.ToJsonString();

    internal static async Task<ProvisioningHost.Answer> PolicyAsync(ProvisioningHost host, string name = "Fleet", string body = "{}")
    {
        var made = await host.AskAsync("PUT", $"/credentialPolicies/{name}", body);
        Assert.True(made.Code == 200, made.Body?.ToJsonString());
        return made;
    }

    /// <summary>How long certificates of <see cref="ShortAsync"/> are good. A clock that jumps over days would run every timer of the host that often.</summary>
    internal static readonly TimeSpan Short = TimeSpan.FromMinutes(10);

    /// <summary>The policy Fleet, made or changed, with a CA that ends soon, and so do its certificates.</summary>
    internal static async Task<TestAuthority> ShortAsync(ProvisioningHost host, string? ifMatch = null)
    {
        var authority = new TestAuthority(host.Time.GetUtcNow() + Short);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", authority.Body(), ifMatch)).Code);
        return authority;
    }

    internal static async Task<JsonArray> InventoryAsync(ProvisioningHost host, string query = "") =>
        (await host.AskAsync("GET", $"/issuedCertificates?{query}")).Body!.AsArray();

    internal static List<X509Certificate2> ChainOf(ProvisioningHost.Answer outcome)
    {
        Assert.True(outcome.Text("status") == "assigned", outcome.Body?.ToJsonString());
        return [.. outcome.Body!["registrationState"]!["issuedCertificateChain"]!.AsArray().Select(each => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(each!.GetValue<string>())))];
    }

    internal static string KeyOf(JsonNode made) => made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>();

    private static string X509(TestCertificate certificate, string block)
    {
        var pair = new JsonObject { ["primary"] = new JsonObject { ["certificate"] = certificate.Base64 } };
        return $"\"attestation\":{new JsonObject { ["type"] = "x509", ["x509"] = new JsonObject { [block] = pair } }.ToJsonString()}";
    }

    /// <summary>Thumbprint of what dev-1 got.</summary>
    private static async Task<string> IssueAsync(ProvisioningHost host, string key)
    {
        using var leaf = ChainOf(await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1"))))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));
        return ThumbprintOf(leaf);
    }

    private static async Task<(string? Primary, string? Secondary)> ThumbprintsAsync(ProvisioningHost host) =>
        await host.DeviceAsync("dev-1") is { } device ? (device.PrimaryThumbprint, device.SecondaryThumbprint) : (null, null);

    private static async Task<List<string>> PagedAsync(ProvisioningHost host, string query)
    {
        var (found, continuation) = (new List<string>(), (string?)null);
        do
        {
            (string, string)[] more = continuation is null ? [] : [("x-ms-continuation", continuation)];
            var page = await host.AskAsync("GET", $"/issuedCertificates?{query}", null, null, [("x-ms-max-item-count", "1"), .. more]);
            Assert.Equal((200, "issuedCertificate", 1), (page.Code, page.Headers["x-ms-item-type"], page.Body!.AsArray().Count));
            found.Add(Text(page.Body![0]!, "registrationId"));
            continuation = page.Headers.GetValueOrDefault("x-ms-continuation");
        }
        while (continuation is not null);
        return found;
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static string ThumbprintOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    internal static bool LeadsTo(X509Certificate2 leaf, X509Certificate2 root)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        chain.ChainPolicy.VerificationTime = ProvisioningHost.Now.UtcDateTime;
        Assert.True(chain.Build(leaf), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        return chain.ChainElements.Count == 2;
    }
}
