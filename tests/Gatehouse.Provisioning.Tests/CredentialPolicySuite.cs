using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteCredentialPolicyTests() : CredentialPolicySuite(null);

public sealed class PostgresCredentialPolicyTests(PostgresServer server) : CredentialPolicySuite(server);

/// <summary>Credential policies: whose CA they have, what they permit, and who may not have its key.</summary>
public abstract class CredentialPolicySuite(PostgresServer? server)
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"fleet" """;

    [Fact]
    public async Task A_policy_lives_from_its_first_version_to_its_deletion_and_never_shows_a_key()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var authority = new TestAuthority();

        var made = await host.AskAsync("PUT", "/credentialPolicies/Fleet");
        Assert.Equal((200, "Fleet", "30", """["ec-p256","ec-p384"]"""), (made.Code, made.Text("name"), made.Text("validityDays"), made.Body!["keyTypes"]!.ToJsonString()));
        using var root = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(made.Text("certificate")));
        Assert.Equal((root.Subject, "1.3.132.0.34"), (root.Issuer, root.GetECDsaPublicKey()!.ExportParameters(false).Curve.Oid.Value));
        Assert.True(root.Extensions.OfType<X509BasicConstraintsExtension>().Single() is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0 });

        var changed = await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"validityDays":7,"keyTypes":["RSA","ec-P384"]}""", made.Text("etag"));
        Assert.Equal(("7", """["ec-p384","rsa"]""", made.Text("certificate")), (changed.Text("validityDays"), changed.Body!["keyTypes"]!.ToJsonString(), changed.Text("certificate")));
        var brought = await host.AskAsync("PUT", "/credentialPolicies/fleet", authority.Body(), changed.Text("etag"));
        Assert.Equal((Convert.ToBase64String(authority.Certificate.RawData), "7", "CN=Plant CA"), (brought.Text("certificate"), brought.Text("validityDays"), brought.Text("certificateInfo.subjectName")));
        var anew = await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"newAuthority":true}""", "*");
        Assert.NotEqual(made.Text("certificate"), anew.Text("certificate"));

        var all = await host.AskAsync("GET", "/credentialPolicies");
        Assert.Equal(anew.Text("certificate"), all.Body!["value"]![0]!["certificate"]!.GetValue<string>());
        var key = Convert.ToBase64String(authority.Key);
        Assert.All(new[] { made, changed, brought, anew, all, await host.AskAsync("GET", "/credentialPolicies/FLEET") }, answer =>
        {
            Assert.DoesNotContain("rivateKey", answer.Body!.ToJsonString(), StringComparison.Ordinal);
            Assert.DoesNotContain(key[40..80], answer.Body.ToJsonString(), StringComparison.Ordinal);
        });
        Assert.Equal(204, (await host.AskAsync("DELETE", "/credentialPolicies/fleet", ifMatch: anew.Text("etag"))).Code);
        Assert.Equal((404, "404205"), Outcome(await host.AskAsync("GET", "/credentialPolicies/fleet")));
        Assert.Equal(["credentialpolicy.create Fleet", "credentialpolicy.update Fleet", "credentialpolicy.update Fleet", "credentialpolicy.update Fleet", "credentialpolicy.delete Fleet"], await host.AuditedAsync());
    }

    [Fact]
    public async Task Writers_name_the_version_that_they_mean_and_a_service_has_its_limit()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxCredentialPolicies = 2 });
        await PolicyAsync(host, "a");
        await PolicyAsync(host, "b");

        Assert.Equal((409, "409207"), Outcome(await host.AskAsync("PUT", "/credentialPolicies/c", "{}")));
        Assert.Equal(412, (await host.AskAsync("PUT", "/credentialPolicies/A", "{}")).Code);
        Assert.Equal(412, (await host.AskAsync("PUT", "/credentialPolicies/c", "{}", "*")).Code);
        Assert.Equal(412, (await host.AskAsync("PUT", "/credentialPolicies/a", "{}", "\"stale\"")).Code);
        Assert.Equal(412, (await host.AskAsync("DELETE", "/credentialPolicies/a")).Code);
        Assert.Equal(412, (await host.AskAsync("DELETE", "/credentialPolicies/a", ifMatch: "\"stale\"")).Code);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/A", "{}", "*")).Code);
    }

    [Fact]
    public async Task What_cannot_be_a_policy_is_refused_and_changes_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        using var rsa = new TestAuthority(key: RSA.Create(2048));
        using var leaf = new TestAuthority(isAuthority: false, usage: X509KeyUsageFlags.DigitalSignature);
        using var mute = new TestAuthority(usage: X509KeyUsageFlags.DigitalSignature);
        using var ended = new TestAuthority(ProvisioningHost.Now.AddSeconds(-1));
        string[] wrong =
        [
            """{"validityDays":0}""", """{"validityDays":3651}""", """{"keyTypes":[]}""", """{"keyTypes":["dsa"]}""", """{"keyTypes":[null]}""",
            new JsonObject { ["certificate"] = authority.Pem }.ToJsonString(),
            new JsonObject { ["privateKey"] = authority.KeyPem }.ToJsonString(),
            authority.Body(more: ("newAuthority", true)),
            authority.Body(other.KeyPem), authority.Body(rsa.KeyPem), rsa.Body(authority.KeyPem), authority.Body(authority.EncryptedKeyPem),
            authority.Body(authority.KeyPem + authority.KeyPem), authority.Body(Convert.ToBase64String(authority.Key)), authority.Body("-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----"),
            authority.Body(authority.KeyPem.Replace("PRIVATE KEY", "EC PRIVATE KEY", StringComparison.Ordinal)),
            leaf.Body(), mute.Body(), ended.Body(),
        ];
        foreach (var body in wrong)
        {
            var refused = await host.AskAsync("PUT", "/credentialPolicies/fleet", body);
            Assert.Equal((400, "400004", body), (refused.Code, refused.Text("errorCode"), body));
        }

        Assert.Equal(400, (await host.AskAsync("PUT", "/credentialPolicies/bad%20name", "{}")).Code);
        Assert.Empty((await host.AskAsync("GET", "/credentialPolicies")).Body!["value"]!.AsArray());
        Assert.Empty(await host.AuditedAsync());
    }

    [Fact]
    public async Task A_policy_that_is_not_there_cannot_be_named_and_one_that_is_named_cannot_go()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{{{Issued}}}""")).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/dev-1", $$"""{{{Issued.Replace("fleet", "a b", StringComparison.Ordinal)}}}""")).Code);
        await PolicyAsync(host);
        await host.EnrollAsync("dev-1", Issued);
        await host.EnrollAsync("g1", Issued, isGroup: true);

        Assert.Equal((409, "409207"), Outcome(await host.AskAsync("DELETE", "/credentialPolicies/fleet", ifMatch: "*")));
        await host.AskAsync("DELETE", "/enrollmentGroups/g1");
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/dev-1", """{"attestation":{"type":"symmetricKey"}}""", "*")).Code);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/credentialPolicies/fleet", ifMatch: "*")).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_CA_that_is_brought_signs_and_one_that_takes_its_place_ends_nothing(bool isRsa)
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var first = new TestAuthority(key: isRsa ? RSA.Create(3072) : ECDsa.Create(ECCurve.NamedCurves.nistP521));
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", first.Body())).Code);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));

        using var before = ChainOf(await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1"))))[0];
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"newAuthority":true}""", "*")).Code);
        var outcome = ChainOf(await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1"))));

        Assert.Equal((first.Certificate.Subject, outcome[1].Subject), (before.Issuer, outcome[0].Issuer));
        Assert.Equal(
            (outcome[0].GetCertHashString(HashAlgorithmName.SHA256), before.GetCertHashString(HashAlgorithmName.SHA256)),
            ((await host.DeviceAsync("dev-1"))!.PrimaryThumbprint, (await host.DeviceAsync("dev-1"))!.SecondaryThumbprint));
    }

    [Fact]
    public async Task A_key_that_was_moved_to_another_policy_does_not_open_and_nothing_is_issued_by_it()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host, "fleet");
        await PolicyAsync(host, "other");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, _) =>
            {
                const string Move = "UPDATE credential_policies SET certificate = (SELECT certificate FROM credential_policies WHERE id = 'other'), private_key = (SELECT private_key FROM credential_policies WHERE id = 'other') WHERE id = 'fleet'";
                await transaction.Connection.ExecuteAsync(Move, transaction: transaction.Transaction);
                return true;
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(500, (await host.RegisterAsync("dev-1", key, Body(SigningRequests.Good("dev-1")))).Code);
        Assert.Null(await host.DeviceAsync("dev-1"));
        Assert.Empty(await InventoryAsync(host));
    }

    [Fact]
    public async Task A_stolen_store_shows_no_key_of_a_CA()
    {
        await using var host = await ProvisioningHost.StartAsync(null);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = new TestAuthority(key: ECDsa.Create(key.ExportParameters(true)));
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", authority.Body())).Code);
        var secret = key.ExportParameters(true).D!;

        var files = Directory.GetFiles(host.Folder, "store.db*").ToDictionary(file => file, ReadShared);

        Assert.Contains(files, file => file.Value.AsSpan().IndexOf(authority.Certificate.RawData) >= 0 || file.Value.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Convert.ToBase64String(authority.Certificate.RawData))) >= 0);
        byte[][] forms = [secret, Encoding.ASCII.GetBytes(Convert.ToBase64String(authority.Key)[..60]), Encoding.ASCII.GetBytes(Convert.ToHexString(secret)), Encoding.ASCII.GetBytes(authority.KeyPem.Split('\n')[1])];
        Assert.DoesNotContain(files, file => forms.Any(form => file.Value.AsSpan().IndexOf(form) >= 0));
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray();
    }

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
