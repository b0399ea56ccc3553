using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteRevocationPublishingTests() : RevocationPublishingSuite(null);

public sealed class PostgresRevocationPublishingTests(PostgresServer server) : RevocationPublishingSuite(server);

/// <summary>Issued certificates that are revoked: what they still do, and the lists that their CAs sign of them, with openssl as the judge.</summary>
public abstract class RevocationPublishingSuite(PostgresServer? server) : IDisposable
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"Fleet" """;

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-crl-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_revoked_certificate_is_on_a_list_that_openssl_takes_and_another_is_not()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var bad = await IssueAsync(host, "dev-1");
        using var good = await IssueAsync(host, "dev-2");
        var empty = await ListAsync(host);
        Assert.Equal((0, 0), (Verify(host, empty, bad), Verify(host, empty, good)));

        var revoked = await host.AskAsync("POST", $"/issuedCertificates/{bad.SerialNumber.ToLowerInvariant()}/revoke", """{"reason":"keyCompromise"}""");
        host.Time.Advance(PublishedLists.Freshness);
        var list = await ListAsync(host);

        Assert.Equal((200, "revoked", "keyCompromise"), (revoked.Code, revoked.Text("status"), revoked.Text("revocationReason")));
        Assert.NotEqual(0, Verify(host, list, bad));
        Assert.Equal(0, Verify(host, list, good));
        var text = Text(list);
        Assert.Contains("Key Compromise", text, StringComparison.Ordinal);
        Assert.Equal((1, 2), (NumberOf(empty), NumberOf(list)));
        Assert.Equal("certificate.revoke dev-1", (await host.AuditedAsync())[^1]);
    }

    [Fact]
    public async Task A_list_is_signed_once_until_something_changes_or_half_of_its_life_is_over()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        var first = await ListAsync(host);

        host.Time.Advance(PublishedLists.Freshness);
        Assert.Equal(first, await ListAsync(host));
        await RevokeAsync(host, leaf);
        Assert.Equal(first, await ListAsync(host));
        host.Time.Advance(PublishedLists.Freshness);
        var second = await ListAsync(host);
        Assert.Equal(2, NumberOf(second));
        using (var other = new PublishedListsOf(host))
        {
            Assert.Equal(second, (await other.Lists.FindAsync(Service(host), "FLEET", Token)).Value!.List);
        }

        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", """{"newAuthority":true}""", "*")).Code);
        host.Time.Advance(PublishedLists.Freshness);
        Assert.Equal(3, NumberOf(await ListAsync(host)));
    }

    [Fact]
    public async Task A_list_is_signed_anew_when_half_of_its_life_is_over()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        var first = await ListAsync(host);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(host.Time.GetUtcNow() + (PublishedLists.Life / 2) - TimeSpan.FromSeconds(1));
        using var later = new PublishedListsOf(host, clock);

        Assert.Equal(first, (await later.Lists.FindAsync(Service(host), "fleet", Token)).Value!.List);
        clock.Advance(PublishedLists.Freshness);

        Assert.Equal(2, NumberOf((await later.Lists.FindAsync(Service(host), "fleet", Token)).Value!.List!));
    }

    [Fact]
    public async Task A_revoked_certificate_renews_nothing_and_does_not_stay_beside_the_next_one()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        await RevokeAsync(host, leaf);

        var renewed = await host.Get<ICertificateRenewal>().RenewAsync(
            host.Hub.Name, DeviceId.Parse("dev-1"), leaf.GetCertHashString(HashAlgorithmName.SHA256), Convert.FromBase64String(SigningRequests.Good("dev-1")), Token);

        Assert.Equal(400037, renewed.Error!.Code);
        using var next = ChainOf(await host.RegisterAsync("dev-1", (await host.AskAsync("POST", "/enrollments/dev-1/attestationmechanism")).Text("symmetricKey.primaryKey"), Body(SigningRequests.Good("dev-1"))))[0];
        var device = (await host.DeviceAsync("dev-1"))!;
        Assert.Equal((next.GetCertHashString(HashAlgorithmName.SHA256), null), (device.PrimaryThumbprint, device.SecondaryThumbprint));
    }

    [Fact]
    public async Task Revoking_twice_changes_nothing_and_what_is_no_reason_or_no_certificate_is_refused()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        foreach (var wrong in new[] { "certificateHold", "removeFromCRL", "KEYCOMPROMISE", "" })
        {
            Assert.Equal(400, (await host.AskAsync("POST", $"/issuedCertificates/{leaf.SerialNumber}/revoke", $$"""{"reason":"{{wrong}}"}""")).Code);
        }

        Assert.Equal(404, (await host.AskAsync("POST", "/issuedCertificates/00FF/revoke")).Code);
        Assert.Equal("current", (string?)(await InventoryAsync(host)).Single()!["status"]);
        await RevokeAsync(host, leaf);
        var audited = (await host.AuditedAsync()).Count;
        var again = await host.AskAsync("POST", $"/issuedCertificates/{leaf.SerialNumber}/revoke", """{"reason":"superseded"}""");

        Assert.Equal((200, "unspecified", audited), (again.Code, again.Text("revocationReason"), (await host.AuditedAsync()).Count));
    }

    [Fact]
    public async Task A_CA_that_may_not_sign_lists_signs_none_and_its_certificate_is_given_out()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var mute = new TestAuthority();
        using var able = new TestAuthority(usage: X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/mute", mute.Body())).Code);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/able", able.Body())).Code);
        var lists = host.Get<PublishedLists>();

        var (first, second) = ((await lists.FindAsync(Service(host), "mute", Token)).Value!, (await lists.FindAsync(Service(host), "able", Token)).Value!);

        Assert.Equal(mute.Certificate.RawData, first.Certificate);
        Assert.Null(first.List);
        Assert.Equal(1, NumberOf(second.List!));
        Assert.Null((await lists.FindAsync(Service(host), "none", Token)).Value);
    }

    [Fact]
    public async Task While_the_key_is_away_what_is_good_goes_on_and_what_says_too_little_does_not_and_the_key_is_left_alone_for_a_while()
    {
        await using var host = await ProvisioningHost.StartAsync(server, keys: [new KeyStoreAddress.Files()]);
        Assert.True(KeyAddress.TryParse("file:issuing", out var address));
        host.Get<SecretVault>().Custody.Stores.CreateSigning(address, SigningKeyType.EcP256).Dispose();
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", """{"signingKey":"file:issuing"}""")).Code);
        using var leaf = await IssueAsync(host, "dev-1");
        var first = await ListAsync(host);
        var (present, away) = (Path.Combine(host.Folder, "keys", "issuing.signing-key"), In("away"));
        File.Move(present, away);

        // Past the time for which an opened key is kept.
        host.Time.Advance(TimeSpan.FromMinutes(2));
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(host.Time.GetUtcNow() + PublishedLists.Life - TimeSpan.FromMinutes(3));
        using var later = new PublishedListsOf(host, clock);
        Assert.Equal(first, (await later.Lists.FindAsync(Service(host), "fleet", Token)).Value!.List);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("IssuerUnavailable", (await later.Lists.FindAsync(Service(host), "fleet", Token)).Error?.Name);

        await RevokeAsync(host, leaf);
        var lists = host.Get<PublishedLists>();
        Assert.Equal("IssuerUnavailable", (await lists.FindAsync(Service(host), "fleet", Token)).Error?.Name);
        File.Move(away, present);
        Assert.Equal("IssuerUnavailable", (await lists.FindAsync(Service(host), "fleet", Token)).Error?.Name);
        host.Time.Advance(PublishedLists.Pause);
        Assert.Equal(2, NumberOf(await ListAsync(host)));
    }

    private static HubName Service(ProvisioningHost host) => host.Get<Instances.ProvisioningDirectory>().All[0].Name;

    private static async Task<byte[]> ListAsync(ProvisioningHost host) => (await host.Get<PublishedLists>().FindAsync(Service(host), "Fleet", Token)).Value!.List!;

    private static async Task RevokeAsync(ProvisioningHost host, X509Certificate2 leaf) => Assert.Equal(200, (await host.AskAsync("POST", $"/issuedCertificates/{leaf.SerialNumber}/revoke")).Code);

    private static async Task<X509Certificate2> IssueAsync(ProvisioningHost host, string id)
    {
        var leaf = ChainOf(await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, Issued)), Body(SigningRequests.Good(id))))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));
        return leaf;
    }

    private static int NumberOf(byte[] list)
    {
        CertificateRevocationListBuilder.Load(list, out var number, out _);
        return (int)number;
    }

    /// <summary>Exit code of openssl with the list.</summary>
    private int Verify(ProvisioningHost host, byte[] list, X509Certificate2 leaf)
    {
        using var authority = X509CertificateLoader.LoadCertificate(host.Get<PublishedLists>().FindAsync(Service(host), "Fleet", Token).Result.Value!.Certificate);
        File.WriteAllText(In("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(In("leaf.pem"), leaf.ExportCertificatePem());
        File.WriteAllText(In("list.pem"), PemEncoding.WriteString("X509 CRL", list));
        Assert.Equal(0, Run("crl", "-in", In("list.pem"), "-CAfile", In("ca.pem"), "-noout").Code);
        var at = host.Time.GetUtcNow().AddSeconds(1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return Run("verify", "-crl_check", "-attime", at, "-CAfile", In("ca.pem"), "-CRLfile", In("list.pem"), In("leaf.pem")).Code;
    }

    private string Text(byte[] list)
    {
        File.WriteAllBytes(In("list.der"), list);
        return Run("crl", "-in", In("list.der"), "-inform", "DER", "-noout", "-text").Output;
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        _ = errors.Result;
        return (run.ExitCode, output);
    }

    private string In(string name) => Path.Combine(folder, name);

    /// <summary>As another node has it, or this one after a restart.</summary>
    private sealed class PublishedListsOf(ProvisioningHost host, TimeProvider? time = null) : IDisposable
    {
        internal PublishedLists Lists { get; } = new(
            host.Get<Gatehouse.Store.Database>(), host.Get<IssuingAuthorities>(), time ?? host.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<PublishedLists>.Instance);

        public void Dispose() => Lists.Dispose();
    }
}
