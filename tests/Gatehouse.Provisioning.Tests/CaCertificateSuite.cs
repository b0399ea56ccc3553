using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteCaCertificateTests() : CaCertificateSuite(null);

public sealed class PostgresCaCertificateTests(PostgresServer server) : CaCertificateSuite(server);

/// <summary>CA certificates of a provisioning service: proof of possession, and groups that name them.</summary>
public abstract class CaCertificateSuite(PostgresServer? server)
{
    [Fact]
    public async Task A_certificate_is_verified_by_who_holds_its_key_and_then_recognises_the_devices_of_a_group_that_names_it()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var lower = root.Authority("lower");
        using var leaf = lower.Leaf("dev-1");
        Assert.Equal(400, await GroupAsync(host, "g1", "Root"));
        var added = await UploadAsync(host, "Root", root.Pem);
        Assert.Equal(("Root", "False", ""), (added.Text("name"), Bool(added, "isVerified"), added.Text("properties.verificationCode")));
        Assert.Equal(400, await GroupAsync(host, "g1", "Root"));

        var verified = await VerifyAsync(host, "Root", added, root);
        Assert.Equal((200, "True", root.Thumbprint), (verified.Code, Bool(verified, "isVerified"), verified.Text("properties.thumbprintSha256")));
        Assert.Equal(200, await GroupAsync(host, "g1", "ROOT"));

        var registered = await host.RegisterAsync("dev-1", leaf.Shown());
        Assert.Equal(("g1", "CN=root"), (registered.Value.Operation!.RegistrationState!.X509!.EnrollmentGroupId, registered.Value.Operation.RegistrationState.X509.SigningCertificateInfo!.SubjectName));
        var shown = await host.AskAsync("GET", "/enrollmentGroups/g1");
        Assert.Equal("""{"type":"x509","x509":{"caReferences":{"primary":"ROOT"}}}""", shown.Body!["attestation"]!.ToJsonString());
        Assert.Equal(
            ["provisioningcertificate.create Root", "provisioningcertificate.code Root", "provisioningcertificate.verify Root", "enrollmentgroup.create g1"],
            (await host.AuditedAsync()).Where(action => !action.StartsWith("registration", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_proof_must_name_the_last_code_and_be_signed_by_the_certificates_key()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var other = TestCertificate.Root();
        var added = await UploadAsync(host, "ca", root.Base64);
        using var early = root.Leaf("early");
        Assert.Equal(400, (await ProveAsync(host, added, early)).Code);

        var first = await CodeAsync(host, added);
        var second = await CodeAsync(host, first);
        using var stale = root.Leaf(first.Text("properties.verificationCode"));
        using var foreign = other.Leaf(second.Text("properties.verificationCode"));
        using var good = root.Leaf(second.Text("properties.verificationCode"));

        Assert.Matches("^[0-9A-F]{48}$", second.Text("properties.verificationCode"));
        Assert.Equal("", (await host.AskAsync("GET", "/certificates/ca")).Text("properties.verificationCode"));
        Assert.Equal(400, (await ProveAsync(host, second, stale)).Code);
        Assert.Equal(400, (await ProveAsync(host, second, foreign)).Code);
        Assert.Equal(400, (await ProveAsync(host, second, root)).Code);
        Assert.Equal(412, (await ProveAsync(host, first, good)).Code);
        Assert.Equal(200, (await ProveAsync(host, second, good)).Code);
    }

    [Fact]
    public async Task A_certificate_that_is_replaced_or_was_never_verified_recognises_nobody()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var leaf = root.Leaf("dev-1");
        var verified = await host.AskAsync("PUT", "/certificates/ca", Body(root.Base64, isVerified: true));
        Assert.Equal(200, await GroupAsync(host, "g1", "ca"));
        Assert.True((await host.RegisterAsync("dev-1", leaf.Shown())).IsOk);

        var replaced = await host.AskAsync("PUT", "/certificates/ca", Body(root.Base64), verified.Text("etag"));

        Assert.Equal("False", Bool(replaced, "isVerified"));
        Assert.Equal(401, (await host.RegisterAsync("dev-1", leaf.Shown())).Error!.HttpStatus);
        Assert.Equal(RefusalReason.CertificateNotTrusted, host.Refusals.Last().Reason);
        await host.AskAsync("DELETE", "/enrollmentGroups/g1");
        Assert.Equal(204, (await host.AskAsync("DELETE", "/certificates/ca", ifMatch: replaced.Text("etag"))).Code);
        Assert.Equal((404, "404203"), Outcome(await host.AskAsync("GET", "/certificates/ca")));
    }

    [Fact]
    public async Task A_stolen_CA_is_deleted_at_once_and_its_group_lets_nobody_in_until_it_names_another()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var stolen = TestCertificate.Root();
        using var next = TestCertificate.Root();
        using var leaf = stolen.Leaf("dev-1");
        using var renewed = next.Leaf("dev-1");
        await host.AskAsync("PUT", "/certificates/stolen", Body(stolen.Base64, isVerified: true));
        Assert.Equal(200, await GroupAsync(host, "g1", "stolen"));
        Assert.True((await host.RegisterAsync("dev-1", leaf.Shown())).IsOk);

        Assert.Equal(204, (await host.AskAsync("DELETE", "/certificates/stolen", ifMatch: "*")).Code);

        Assert.Equal(401, (await host.RegisterAsync("dev-1", leaf.Shown())).Error!.HttpStatus);
        Assert.Equal(RefusalReason.CertificateNotTrusted, host.Refusals.Last().Reason);
        var group = await host.AskAsync("GET", "/enrollmentGroups/g1");
        Assert.Equal("stolen", group.Text("attestation.x509.caReferences.primary"));
        Assert.Equal(400, await GroupAsync(host, "g1", "stolen", group.Text("etag")));

        // The name alone brings nothing back: who uploads under it proves the key again.
        var again = await host.AskAsync("PUT", "/certificates/stolen", Body(next.Base64));
        Assert.Equal(401, (await host.RegisterAsync("dev-1", renewed.Shown())).Error!.HttpStatus);
        await host.AskAsync("DELETE", "/certificates/stolen", ifMatch: again.Text("etag"));
        await host.AskAsync("PUT", "/certificates/next", Body(next.Base64, isVerified: true));
        Assert.Equal(200, await GroupAsync(host, "g1", "next", group.Text("etag")));
        Assert.True((await host.RegisterAsync("dev-1", renewed.Shown())).IsOk);
        Assert.False((await host.RegisterAsync("dev-1", leaf.Shown())).IsOk);
    }

    [Fact]
    public async Task A_certificate_belongs_to_one_group_and_an_expired_one_to_none()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var ended = root.Authority("ended", ProvisioningHost.Now.AddDays(-1));
        await host.AskAsync("PUT", "/certificates/ca", Body(root.Base64, isVerified: true));
        Assert.Equal(200, await GroupAsync(host, "g1", "ca"));

        Assert.Equal(409, await GroupAsync(host, "g2", "CA"));
        Assert.Equal(400, await GroupAsync(host, "g2", "none"));
        Assert.Equal(400, (await host.AskAsync("PUT", "/certificates/ended", Body(ended.Base64))).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/certificates/bad%20name", Body(root.Base64))).Code);
        using var leaf = root.Leaf("leaf");
        Assert.Equal(400, (await host.AskAsync("PUT", "/certificates/leaf", Body(leaf.Base64))).Code);
    }

    [Fact]
    public async Task A_service_takes_its_limit_of_certificates_and_writers_name_the_version_that_they_mean()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxCertificates = 2 });
        using var root = TestCertificate.Root();
        using var other = TestCertificate.Root();
        await UploadAsync(host, "a", root.Base64);
        await UploadAsync(host, "b", other.Base64);

        using var third = TestCertificate.Root();
        Assert.Equal((409, "409205"), Outcome(await host.AskAsync("PUT", "/certificates/c", Body(third.Base64))));
        Assert.Equal(412, (await host.AskAsync("PUT", "/certificates/A", Body(root.Base64))).Code);
        Assert.Equal(412, (await host.AskAsync("PUT", "/certificates/c", Body(root.Base64), "*")).Code);
        Assert.Equal(412, (await host.AskAsync("PUT", "/certificates/a", Body(root.Base64), "\"stale\"")).Code);
        Assert.Equal(412, (await host.AskAsync("DELETE", "/certificates/a")).Code);
        Assert.Equal(200, (await host.AskAsync("PUT", "/certificates/A", Body(root.Base64), "*")).Code);
        Assert.Equal(["a", "b"], (await host.AskAsync("GET", "/certificates")).Body!["value"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_certificate_is_one_whether_a_group_has_it_itself_or_names_it_so_that_a_disabled_group_blocks_it()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var other = TestCertificate.Root();
        var made = await host.AskAsync("PUT", "/certificates/ca", Body(root.Base64, isVerified: true));
        Assert.Equal(200, (await SigningGroupAsync(host, "own", root)).Code);

        Assert.Equal(409, await GroupAsync(host, "named", "ca"));
        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollmentGroups/own")).Code);
        Assert.Equal(200, await GroupAsync(host, "named", "ca"));
        Assert.Equal((409, "409202"), Outcome(await SigningGroupAsync(host, "own", root)));

        // Nor by putting another certificate in the place of one that is named.
        Assert.Equal(200, (await SigningGroupAsync(host, "own", other)).Code);
        var replaced = await host.AskAsync("PUT", "/certificates/ca", Body(other.Base64, isVerified: true), made.Text("etag"));
        Assert.Equal((409, "409205"), Outcome(replaced));
        Assert.Contains("'own'", replaced.Text("message"));
        Assert.Equal(200, (await host.AskAsync("PUT", "/certificates/ca", Body(root.Base64, isVerified: true), made.Text("etag"))).Code);
    }

    [Fact]
    public async Task A_certificate_has_one_name()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var other = TestCertificate.Root();
        var first = await UploadAsync(host, "First", root.Base64);
        var second = await UploadAsync(host, "second", other.Base64);

        var again = await host.AskAsync("PUT", "/certificates/third", Body(root.Pem));
        Assert.Equal((409, "409205"), Outcome(again));
        Assert.Contains("'First'", again.Text("message"));
        Assert.Equal((409, "409205"), Outcome(await host.AskAsync("PUT", "/certificates/second", Body(root.Base64), second.Text("etag"))));
        Assert.Equal(200, (await host.AskAsync("PUT", "/certificates/FIRST", Body(root.Base64), first.Text("etag"))).Code);
    }

    private static Task<ProvisioningHost.Answer> SigningGroupAsync(ProvisioningHost host, string id, TestCertificate certificate) =>
        host.AskAsync("PUT", $"/enrollmentGroups/{id}", new JsonObject
        {
            ["attestation"] = new JsonObject { ["type"] = "x509", ["x509"] = new JsonObject { ["signingCertificates"] = new JsonObject { ["primary"] = new JsonObject { ["certificate"] = certificate.Base64 } } } },
        }.ToJsonString());

    private static async Task<ProvisioningHost.Answer> UploadAsync(ProvisioningHost host, string name, string certificate)
    {
        var added = await host.AskAsync("PUT", $"/certificates/{name}", Body(certificate));
        Assert.True(added.Code == 200, added.Body?.ToJsonString());
        return added;
    }

    private static async Task<ProvisioningHost.Answer> VerifyAsync(ProvisioningHost host, string name, ProvisioningHost.Answer added, TestCertificate authority)
    {
        var coded = await host.AskAsync("POST", $"/certificates/{name}/generateVerificationCode", ifMatch: added.Text("etag"));
        using var proof = authority.Leaf(coded.Text("properties.verificationCode"));
        return await ProveAsync(host, coded, proof);
    }

    private static Task<ProvisioningHost.Answer> CodeAsync(ProvisioningHost host, ProvisioningHost.Answer before) =>
        host.AskAsync("POST", $"/certificates/{before.Text("name")}/generateVerificationCode", ifMatch: before.Text("etag"));

    private static Task<ProvisioningHost.Answer> ProveAsync(ProvisioningHost host, ProvisioningHost.Answer before, TestCertificate proof) =>
        host.AskAsync("POST", $"/certificates/{before.Text("name")}/verify", new JsonObject { ["certificate"] = proof.Pem }.ToJsonString(), before.Text("etag"));

    private static async Task<int> GroupAsync(ProvisioningHost host, string id, string name, string? etag = null) =>
        (await host.AskAsync("PUT", $"/enrollmentGroups/{id}", new JsonObject
        {
            ["attestation"] = new JsonObject { ["type"] = "x509", ["x509"] = new JsonObject { ["caReferences"] = new JsonObject { ["primary"] = name } } },
        }.ToJsonString(), etag)).Code;

    private static string Body(string certificate, bool isVerified = false) =>
        new JsonObject { ["properties"] = new JsonObject { ["certificate"] = certificate, ["isVerified"] = isVerified } }.ToJsonString();

    private static string Bool(ProvisioningHost.Answer answer, string property) => answer.Body!["properties"]![property]!.GetValue<bool>().ToString();

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
