using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Gatehouse.Keys.Tests;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteStoredKeyPolicyTests(LoadedHsm hsm) : StoredKeyPolicySuite(null, hsm);

public sealed class PostgresStoredKeyPolicyTests(PostgresServer server, LoadedHsm hsm) : StoredKeyPolicySuite(server, hsm);

/// <summary>Credential policies whose CA signs by a key in a key store of the server.</summary>
public abstract class StoredKeyPolicySuite(PostgresServer? server, LoadedHsm loaded)
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"fleet" """;

    private static readonly KeyStoreAddress Files = new KeyStoreAddress.Files();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SigningKeyType.EcP256)]
    [InlineData(SigningKeyType.EcP384)]
    [InlineData(SigningKeyType.Rsa3072)]
    public async Task A_root_over_a_key_in_a_token_issues_and_the_key_is_nowhere_else(SigningKeyType type)
    {
        var token = loaded.Hsm.NewToken();
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files, token.Address]);
        var at = Create(host, $"pkcs11:token={Uri.EscapeDataString(token.Label)};object=issuing", type);

        var made = await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at));

        Assert.Equal((200, at), (made.Code, made.Text("signingKey")));
        using var root = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(made.Text("certificate")));
        var chain = await IssueAsync(host, "dev-1");
        Assert.Equal(root.RawData, chain[1].RawData);
        Assert.Equal((root.Subject, true), (chain[0].Issuer, LeadsTo(chain[0], root)));
        Assert.Equal(0, await ScalarAsync<long>(host, "SELECT length(private_key) FROM credential_policies"));
        Assert.Equal(at, (await host.AskAsync("GET", "/credentialPolicies")).Body!["value"]![0]!["signingKey"]!.GetValue<string>());

        // What is not named stays: also the key.
        var changed = await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"validityDays":7}""", "*");
        Assert.Equal((at, "7", made.Text("certificate")), (changed.Text("signingKey"), changed.Text("validityDays"), changed.Text("certificate")));
        Assert.Equal(chain[0].Issuer, (await IssueAsync(host, "dev-2"))[0].Issuer);
    }

    [Fact]
    public async Task A_token_that_is_away_is_told_to_the_operator_and_the_device_comes_again_without_a_restart()
    {
        var token = loaded.Hsm.NewToken();
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files, token.Address]);
        var at = Create(host, $"pkcs11:token={Uri.EscapeDataString(token.Label)};object=issuing");
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at))).Code);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key, CertificateIssuanceSuite.Body(SigningRequests.Good("dev-1")))).Text("status"));
        var known = (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint;

        token.PullOut();
        var refused = await host.RegisterAsync("dev-1", key, CertificateIssuanceSuite.Body(SigningRequests.Good("dev-1")));
        Assert.Equal((500, "500203"), (refused.Code, refused.Text("errorCode")));
        Assert.DoesNotContain(token.Label, refused.Body!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(known, (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
        Assert.Single(await InventoryAsync(host));
        var change = await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at), "*");
        Assert.Equal((500, "500203"), (change.Code, change.Text("errorCode")));
        Assert.Contains("is not there", change.Text("message"), StringComparison.Ordinal);

        token.PutBack();
        Assert.Equal("assigned", (await host.RegisterAsync("dev-1", key, CertificateIssuanceSuite.Body(SigningRequests.Good("dev-1")))).Text("status"));
        Assert.NotEqual(known, (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
    }

    [Fact]
    public async Task An_outside_root_makes_a_key_in_a_token_our_intermediate()
    {
        var token = loaded.Hsm.NewToken();
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files, token.Address]);
        var at = Create(host, $"pkcs11:token={Uri.EscapeDataString(token.Label)};object=issuing", SigningKeyType.EcP384);
        using var root = new Root();
        var certificate = root.Sign(Open(host, at).PublicKey, isAuthority: true);

        var made = await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at, certificate.ExportCertificatePem()));

        Assert.Equal((200, "CN=Issuing", "CN=Outside root"), (made.Code, made.Text("certificateInfo.subjectName"), made.Text("certificateInfo.issuerName")));
        var chain = await IssueAsync(host, "dev-1");
        Assert.Equal(certificate.RawData, chain[1].RawData);
        using var path = new X509Chain();
        path.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        path.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        path.ChainPolicy.VerificationTime = ProvisioningHost.Now.UtcDateTime;
        path.ChainPolicy.CustomTrustStore.Add(root.Certificate);
        path.ChainPolicy.ExtraStore.Add(chain[1]);
        Assert.True(path.Build(chain[0]), string.Join(", ", path.ChainStatus.Select(each => each.StatusInformation)));
        Assert.Equal(3, path.ChainElements.Count);
    }

    [Fact]
    public async Task Keys_in_files_and_in_a_TPM_issue_too()
    {
        using var tpm = new Swtpm();
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files, tpm.Address]);
        foreach (var at in new[] { Create(host, "file:issuing", SigningKeyType.EcP384), Create(host, "tpm:issuing") })
        {
            var etag = (await host.AskAsync("GET", "/credentialPolicies/fleet")).Text("etag");
            Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at), etag.Length == 0 ? null : etag)).Code);
            var chain = await IssueAsync(host, $"dev-{at[..3]}");
            Assert.True(LeadsTo(chain[0], chain[1]));
        }
    }

    [Fact]
    public async Task What_cannot_be_the_key_of_a_CA_is_refused_and_changes_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files]);
        var (at, other) = (Create(host, "file:issuing"), Create(host, "file:other"));
        host.Get<SecretVault>().Custody.Stores.All[0].Create("wraps").Dispose();
        using var root = new Root();
        using var authority = new TestAuthority();
        var good = root.Sign(Open(host, at).PublicKey, isAuthority: true).ExportCertificatePem();
        (string Body, string Words)[] wrong =
        [
            (Body("file:none"), "gatehouse key create"),
            (Body("file:wraps"), "wraps, and signs nothing"),
            (Body("pkcs11:token=elsewhere;object=x"), "none of this server's key stores"),
            (Body("issuing"), "file:NAME"),
            (Body("file:../ca"), "file:NAME"),
            (Body(other, good), "is not that of the certificate"),
            (Body(at, root.Sign(Open(host, at).PublicKey, isAuthority: false).ExportCertificatePem()), "cannot sign for devices"),
            (Body(at, "x"), "certificate"),
            (new JsonObject { ["certificate"] = good }.ToJsonString(), "signingKey"),
            (new JsonObject { ["signingKey"] = at, ["newAuthority"] = true }.ToJsonString(), "newAuthority"),
            (authority.Body(more: ("signingKey", at)), "privateKey"),
        ];
        foreach (var (body, words) in wrong)
        {
            var refused = await host.AskAsync("PUT", "/credentialPolicies/fleet", body);
            Assert.Equal((400, "400004"), (refused.Code, refused.Text("errorCode")));
            Assert.Contains(words, refused.Text("message"), StringComparison.Ordinal);
        }

        Assert.Empty((await host.AskAsync("GET", "/credentialPolicies")).Body!["value"]!.AsArray());
        Assert.Empty(await host.AuditedAsync());
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at, good))).Code);
        var software = await host.AskAsync("PUT", "/credentialPolicies/fleet", """{"newAuthority":true}""", "*");
        Assert.Equal((400, at), (software.Code, (await host.AskAsync("GET", "/credentialPolicies/fleet")).Text("signingKey")));
    }

    [Fact]
    public async Task A_key_is_the_CA_of_one_service_for_as_long_as_a_policy_names_it()
    {
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files]);
        var (at, taken) = (Create(host, "file:issuing"), Create(host, "file:taken"));
        await host.Get<Database>().WriteAsync<bool>(
            async (transaction, _) => await transaction.Connection.ExecuteAsync("INSERT INTO issuing_keys (signing_key, service) VALUES ('file:taken', 'another')", transaction: transaction.Transaction) == 1,
            Token);

        Assert.Equal((409, "409207"), Outcome(await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(taken))));
        foreach (var name in new[] { "fleet", "second" })
        {
            Assert.Equal(200, (await host.AskAsync("PUT", $"/credentialPolicies/{name}", Body(at))).Code);
        }

        Assert.Equal((409, "409207"), Outcome(await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(taken), "*")));
        Assert.Equal(204, (await host.AskAsync("DELETE", "/credentialPolicies/second", ifMatch: "*")).Code);
        Assert.Equal(1, await ScalarAsync<long>(host, "SELECT COUNT(*) FROM issuing_keys WHERE signing_key = 'file:issuing'"));
        Assert.Equal(204, (await host.AskAsync("DELETE", "/credentialPolicies/fleet", ifMatch: "*")).Code);
        Assert.Equal("another", await ScalarAsync<string>(host, "SELECT MAX(service) FROM issuing_keys"));
        Assert.Equal(1, await ScalarAsync<long>(host, "SELECT COUNT(*) FROM issuing_keys"));
    }

    [Fact]
    public async Task A_key_that_has_become_another_issues_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync(server, keys: [Files]);
        var at = Create(host, "file:issuing");
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(at))).Code);
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        File.Delete(Path.Combine(host.Folder, "keys", "issuing.signing-key"));
        Create(host, "file:issuing");

        var refused = await host.RegisterAsync("dev-1", key, CertificateIssuanceSuite.Body(SigningRequests.Good("dev-1")));

        Assert.Equal((500, "500203"), Outcome(refused));
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_store_that_does_not_answer_holds_up_who_wants_a_certificate_of_it_for_a_while_and_nobody_else()
    {
        using var tpm = new Swtpm();
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { KeyStorePatience = TimeSpan.FromSeconds(4) }, keys: [Files, tpm.Address]);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/fleet", Body(Create(host, "tpm:issuing")))).Code);
        var keys = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            keys.Add(KeyOf(await host.EnrollAsync($"dev-{i}", Issued)));
        }

        tpm.Freeze();
        var waiting = Enumerable.Range(0, 2).Select(i => host.RegisterAsync($"dev-{i}", keys[i], CertificateIssuanceSuite.Body(SigningRequests.Good($"dev-{i}")))).ToList();
        Assert.Equal("assigned", (await host.RegisterAsync("dev-2", keys[2])).Text("status"));
        Assert.All(await Task.WhenAll(waiting), refused => Assert.Equal((500, "500203"), Outcome(refused)));

        tpm.Thaw();
        Assert.Equal("assigned", (await host.RegisterAsync("dev-0", keys[0], CertificateIssuanceSuite.Body(SigningRequests.Good("dev-0")))).Text("status"));
    }

    private static string Create(ProvisioningHost host, string address, SigningKeyType type = SigningKeyType.EcP256)
    {
        Assert.True(KeyAddress.TryParse(address, out var key));
        host.Get<SecretVault>().Custody.Stores.CreateSigning(key, type).Dispose();
        return address;
    }

    private static SigningKeyHandle Open(ProvisioningHost host, string address) =>
        KeyAddress.TryParse(address, out var key) ? host.Get<SecretVault>().Custody.Stores.OpenSigning(key) : throw new ArgumentException(address);

    private static string Body(string signingKey, string? certificate = null)
    {
        var body = new JsonObject { ["signingKey"] = signingKey };
        if (certificate is not null)
        {
            body["certificate"] = certificate;
        }

        return body.ToJsonString();
    }

    private static async Task<IReadOnlyList<X509Certificate2>> IssueAsync(ProvisioningHost host, string id)
    {
        var outcome = await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, Issued)), CertificateIssuanceSuite.Body(SigningRequests.Good(id)));
        Assert.True(outcome.Text("status") == "assigned", outcome.Body?.ToJsonString());
        return ChainOf(outcome);
    }

    private static Task<T?> ScalarAsync<T>(ProvisioningHost host, string sql) => host.Get<Database>().ReadAsync((connection, _) => connection.ExecuteScalarAsync<T>(sql), Token);

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));

    private sealed class Root : IDisposable
    {
        private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        internal Root()
        {
            var request = new CertificateRequest("CN=Outside root", key, HashAlgorithmName.SHA384);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            Certificate = request.CreateSelfSigned(ProvisioningHost.Now.AddDays(-10), ProvisioningHost.Now.AddDays(400));
        }

        internal X509Certificate2 Certificate { get; }

        internal X509Certificate2 Sign(PublicKey subject, bool isAuthority)
        {
            var request = new CertificateRequest(new X500DistinguishedName("CN=Issuing"), subject, HashAlgorithmName.SHA384);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, isAuthority, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, true));
            return request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), ProvisioningHost.Now.AddDays(-5), ProvisioningHost.Now.AddDays(300), [7]);
        }

        public void Dispose()
        {
            Certificate.Dispose();
            key.Dispose();
        }
    }
}
