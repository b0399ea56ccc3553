using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqlitePublishedAddressTests() : PublishedAddressSuite(null);

public sealed class PostgresPublishedAddressTests(PostgresServer server) : PublishedAddressSuite(server);

/// <summary>What issued certificates say of where their CA publishes: only with a public address, only what is there, and of their own CA for good.</summary>
public abstract class PublishedAddressSuite(PostgresServer? server)
{
    private const string Url = "http://pki.example:8080/plant";
    private const string DistributionPoints = "2.5.29.31";
    private const string InformationAccess = "1.3.6.1.5.5.7.1.1";
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"Fleet" """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_certificate_names_list_OCSP_and_CA_at_the_public_address_and_the_root_names_nothing()
    {
        await using var host = await StartAsync(Url);
        await PolicyAsync(host);

        var chain = await IssueAsync(host);

        using var leaf = chain[0];
        using var root = chain[1];
        var place = $"{Url}/{host.Instance.IdScope}/{PublishedAddresses.MarkOf(root)}/fleet";
        var access = leaf.Extensions.OfType<X509AuthorityInformationAccessExtension>().Single();
        Assert.Equal([$"{place}.ocsp"], access.EnumerateOcspUris());
        Assert.Equal([$"{place}.cer"], access.EnumerateCAIssuersUris());
        Assert.Equal($"{place}.crl", ListAddressOf(leaf));
        Assert.All(leaf.Extensions.Where(each => each.Oid!.Value is DistributionPoints or InformationAccess), each => Assert.False(each.Critical));
        Assert.DoesNotContain(root.Extensions, each => each.Oid!.Value is DistributionPoints or InformationAccess);
        Assert.True(LeadsTo(leaf, root));
    }

    [Fact]
    public async Task A_renewed_certificate_names_them_too()
    {
        await using var host = await StartAsync(Url);
        await PolicyAsync(host);
        using var leaf = (await IssueAsync(host))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));

        var renewed = await host.Get<ICertificateRenewal>().RenewAsync(
            host.Hub.Name, DeviceId.Parse("dev-1"), leaf.GetCertHashString(HashAlgorithmName.SHA256), Convert.FromBase64String(SigningRequests.Good("dev-1")), Token);

        using var next = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(renewed.Value[0]));
        Assert.Equal(ListAddressOf(leaf), ListAddressOf(next));
        Assert.Equal(leaf.Extensions[InformationAccess]!.RawData, next.Extensions[InformationAccess]!.RawData);
    }

    [Fact]
    public async Task Without_a_public_address_it_names_nothing()
    {
        await using var host = await StartAsync(null);
        await PolicyAsync(host);

        using var leaf = (await IssueAsync(host))[0];

        Assert.DoesNotContain(leaf.Extensions, each => each.Oid!.Value is DistributionPoints or InformationAccess);
    }

    [Fact]
    public async Task Of_a_CA_that_may_not_sign_lists_no_list_is_named()
    {
        await using var host = await StartAsync(Url);
        using var mute = new TestAuthority();
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", mute.Body())).Code);

        using var leaf = (await IssueAsync(host))[0];

        Assert.DoesNotContain(leaf.Extensions, each => each.Oid!.Value == DistributionPoints);
        Assert.Single(leaf.Extensions.OfType<X509AuthorityInformationAccessExtension>().Single().EnumerateOcspUris());
    }

    [Fact]
    public async Task What_a_certificate_names_is_never_that_of_the_next_CA_and_the_certificate_of_its_own_stays()
    {
        await using var host = await StartAsync(Url);
        await PolicyAsync(host);
        var chain = await IssueAsync(host);
        using var leaf = chain[0];
        using var root = chain[1];
        var mark = PublishedAddresses.MarkOf(root);
        Assert.NotNull((await FindAsync(host)).ListOf(mark));

        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", """{"newAuthority":true}""", "*")).Code);
        host.Time.Advance(PublishedLists.Freshness);
        var published = await FindAsync(host);

        Assert.NotEqual(mark, published.Authority);
        Assert.Null(published.ListOf(mark));
        Assert.Equal(root.RawData, published.CertificateOf(mark));
        Assert.Equal((published.List, published.Certificate), (published.ListOf(published.Authority), published.CertificateOf(null)));
        Assert.Null(published.CertificateOf("0123456789abcdef"));
        Assert.Contains($"/{mark}/", ListAddressOf(leaf), StringComparison.Ordinal);
    }

    private Task<ProvisioningHost> StartAsync(string? url) => ProvisioningHost.StartAsync(server, new ProvisioningOptions { PkiUrl = url });

    private static async Task<List<X509Certificate2>> IssueAsync(ProvisioningHost host) =>
        ChainOf(await host.RegisterAsync("dev-1", KeyOf(await host.EnrollAsync("dev-1", Issued)), Body(SigningRequests.Good("dev-1"))));

    private static async Task<Published> FindAsync(ProvisioningHost host) => (await host.Get<PublishedLists>().FindAsync(host.Instance.Name, "fleet", Token)).Value!;

    // DistributionPoint: [0] distributionPoint { [0] fullName { [6] uniformResourceIdentifier } }, RFC 5280 §4.2.1.13; openssl is the judge in 47-pki.
    private static string ListAddressOf(X509Certificate2 leaf)
    {
        var der = leaf.Extensions[DistributionPoints]!.RawData;
        return System.Text.Encoding.ASCII.GetString(der[(Array.IndexOf(der, (byte)0x86) + 2)..]);
    }
}
