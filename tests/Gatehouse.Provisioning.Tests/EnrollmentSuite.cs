using System.Text.Json.Nodes;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteEnrollmentTests() : EnrollmentSuite(null);

public sealed class PostgresEnrollmentTests(PostgresServer server) : EnrollmentSuite(server);

/// <summary>Enrollments over the service API: made, read, changed and deleted under ETags, each with its audit record; what contradicts itself or another is refused.</summary>
public abstract class EnrollmentSuite(PostgresServer? server)
{
    private const string Keys = """ "attestation":{"type":"symmetricKey"} """;

    [Fact]
    public async Task An_individual_enrollment_is_made_read_changed_and_deleted_and_each_leaves_its_record()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("Dev-1", $$$$"""{{{{Keys}}}},"deviceId":"d1","initialTwin":{"tags":{"a":1},"properties":{"desired":{"b":2}}},"optionalDeviceInformation":{"c":3}""");
        var keys = (await host.AskAsync("POST", "/enrollments/dev-1/attestationmechanism")).Body!;
        var read = await host.AskAsync("GET", "/enrollments/DEV-1");

        Assert.Equal(64, Convert.FromBase64String(made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>()).Length);
        Assert.True(JsonNode.DeepEquals(made["attestation"]!["symmetricKey"], keys["symmetricKey"]));
        Assert.Equal((200, "Dev-1", "d1", "{}"), (read.Code, read.Text("registrationId"), read.Text("deviceId"), read.Text("attestation.symmetricKey")));
        Assert.Equal(("enabled", "hashed", "true", "true", "1", "2", "3"), (
            read.Text("provisioningStatus"), read.Text("allocationPolicy"), read.Text("reprovisionPolicy.updateHubAssignment"), read.Text("reprovisionPolicy.migrateDeviceData"),
            read.Text("initialTwin.tags.a"), read.Text("initialTwin.properties.desired.b"), read.Text("optionalDeviceInformation.c")));
        Assert.Equal(read.Headers["ETag"], read.Text("etag"));

        read.Body!["provisioningStatus"] = "disabled";
        var changed = await host.AskAsync("PUT", "/enrollments/dev-1", read.Body.ToJsonString(), read.Text("etag"));
        Assert.Equal((200, "disabled"), (changed.Code, changed.Text("provisioningStatus")));
        Assert.Equal(keys["symmetricKey"]!["primaryKey"]!.GetValue<string>(), changed.Text("attestation.symmetricKey.primaryKey"));
        Assert.NotEqual(read.Text("etag"), changed.Text("etag"));
        Assert.Equal(412, (await host.AskAsync("DELETE", "/enrollments/dev-1", ifMatch: read.Text("etag"))).Code);
        Assert.Equal(204, (await host.AskAsync("DELETE", "/enrollments/dev-1")).Code);
        Assert.Equal((404, "404201"), Outcome(await host.AskAsync("GET", "/enrollments/dev-1")));
        Assert.Equal(["enrollment.create Dev-1", "enrollment.update Dev-1", "enrollment.delete Dev-1"], await host.AuditedAsync());
    }

    [Theory]
    [InlineData(null, true, "409201")]
    [InlineData(null, false, "")]
    [InlineData("*", true, "")]
    [InlineData("*", false, "404201")]
    [InlineData("\"stale\"", true, "412001")]
    [InlineData("current", true, "")]
    public async Task A_put_creates_without_a_precondition_and_changes_with_one(string? condition, bool exists, string error)
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var etag = exists ? (await host.EnrollAsync("g1", Keys, isGroup: true))["etag"]!.GetValue<string>() : "";
        var audited = await host.AuditedAsync();

        var answer = await host.AskAsync("PUT", "/enrollmentgroups/g1", $$"""{"enrollmentGroupId":"g1",{{Keys}}}""", condition == "current" ? etag : condition);

        Assert.Equal(error, answer.Text("errorCode"));
        Assert.Equal(audited.Count + (error.Length == 0 ? 1 : 0), (await host.AuditedAsync()).Count);
    }

    [Fact]
    public async Task Keys_that_are_left_out_stay_and_one_key_can_be_replaced()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        var made = await host.EnrollAsync("g1", Keys, isGroup: true);
        var fresh = Convert.ToBase64String(new byte[32]);

        var rolled = await host.AskAsync("PUT", "/enrollmentGroups/g1", $$$$"""{"attestation":{"type":"symmetricKey","symmetricKey":{"secondaryKey":"{{{{fresh}}}}"}}}""", "*");

        Assert.Equal(made["attestation"]!["symmetricKey"]!["primaryKey"]!.GetValue<string>(), rolled.Text("attestation.symmetricKey.primaryKey"));
        Assert.Equal(fresh, rolled.Text("attestation.symmetricKey.secondaryKey"));
    }

    [Fact]
    public async Task Certificates_are_kept_when_only_their_info_comes_back_and_rolled_one_by_one()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var first = TestCertificate.SelfSigned("d1");
        using var second = TestCertificate.SelfSigned("d1");
        await host.EnrollAsync("d1", $$"""{{Clients(first.Pem.ReplaceLineEndings("\\n"))}}""");
        var read = await host.AskAsync("GET", "/enrollments/d1");
        Assert.Equal((first.Thumbprint, "CN=d1", ""), (read.Text("attestation.x509.clientCertificates.primary.info.sha256Thumbprint"), read.Text("attestation.x509.clientCertificates.primary.info.subjectName"), read.Text("attestation.x509.clientCertificates.primary.certificate")));

        read.Body!["attestation"]!["x509"]!["clientCertificates"]!["secondary"] = new JsonObject { ["certificate"] = second.Base64 };
        var rolled = await host.AskAsync("PUT", "/enrollments/d1", read.Body.ToJsonString(), read.Text("etag"));
        var full = await host.AskAsync("POST", "/enrollments/d1/attestationmechanism");
        Assert.Equal(200, rolled.Code);
        Assert.Equal((first.Base64, second.Base64), (full.Text("x509.clientCertificates.primary.certificate"), full.Text("x509.clientCertificates.secondary.certificate")));

        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollments/d1", $$"""{{{Clients(second.Base64)}}}""", "*")).Code);
        Assert.Equal(400, (await host.AskAsync("PUT", "/enrollments/d1", read.Body.ToJsonString(), "*")).Code); // the first one is gone; its info alone brings it back no more
    }

    [Fact]
    public async Task What_one_enrollment_holds_another_cannot_claim()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var root = TestCertificate.Root();
        using var other = TestCertificate.Root("other");
        using var leaf = TestCertificate.SelfSigned("d1");
        await host.EnrollAsync("g1", Signers(root.Base64), isGroup: true);
        await host.EnrollAsync("g2", Signers(other.Base64), isGroup: true);
        await host.EnrollAsync("d1", Clients(leaf.Base64));
        await host.EnrollAsync("d2", $"{Keys},\"deviceId\":\"shared\"");

        Assert.Equal((409, "409202"), Outcome(await host.AskAsync("PUT", "/enrollmentGroups/g3", $$"""{{{Signers(root.Base64)}}}""")));
        Assert.Equal((409, "409202"), Outcome(await host.AskAsync("PUT", "/enrollmentGroups/g2", $$"""{{{Signers(root.Base64)}}}""", "*")));
        Assert.Equal((409, "409202"), Outcome(await host.AskAsync("PUT", "/enrollments/d3", $$"""{{{Clients(leaf.Base64)}}}""")));
        Assert.Equal((409, "409202"), Outcome(await host.AskAsync("PUT", "/enrollments/d3", $$"""{{{Keys}},"deviceId":"shared"}""")));
        Assert.Equal((409, "409202"), Outcome(await host.AskAsync("PUT", "/enrollments/shared", $$"""{{{Keys}}}""")));

        await host.AskAsync("DELETE", "/enrollmentGroups/g1");
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g3", $$"""{{{Signers(root.Base64)}}}""")).Code);
    }

    [Fact]
    public async Task Bulk_does_what_can_be_done_and_names_what_cannot()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await host.EnrollAsync("d1", Keys);
        string Item(string id, string more = "") => $$"""{"registrationId":"{{id}}",{{Keys}}{{more}}}""";

        var created = await host.AskAsync("POST", "/enrollments/", $$"""{"mode":"create","enrollments":[{{Item("d1")}},{{Item("d2")}},{{Item("d3", ",\"allocationPolicy\":\"static\"")}}]}""");
        Assert.Equal((200, "false"), (created.Code, created.Text("isSuccessful")));
        Assert.Equal(["d1 409201", "d3 400004"], created.Body!["errors"]!.AsArray().Select(error => $"{error!["registrationId"]} {error["errorCode"]}"));
        var etag = (await host.AskAsync("GET", "/enrollments/d2")).Body!["etag"]!.ToJsonString();
        Assert.Equal("true", (await host.AskAsync("POST", "/enrollments", $$"""{"mode":"updateIfMatchEtag","enrollments":[{{Item("d2", $",\"etag\":{etag},\"provisioningStatus\":\"disabled\"")}}]}""")).Text("isSuccessful"));
        Assert.Equal("false", (await host.AskAsync("POST", "/enrollments", $$"""{"mode":"updateIfMatchETag","enrollments":[{{Item("d2", $",\"etag\":{etag}")}}]}""")).Text("isSuccessful"));
        Assert.Equal("true", (await host.AskAsync("POST", "/enrollments", $$"""{"mode":"delete","enrollments":[{{Item("d1")}},{"registrationId":"d2"}]}""")).Text("isSuccessful"));
        Assert.Equal(["enrollment.create d1", "enrollment.create d2", "enrollment.update d2", "enrollment.delete d1", "enrollment.delete d2"], await host.AuditedAsync());
        Assert.Equal("true", (await host.AskAsync("POST", "/enrollmentGroups", $$"""{"mode":"create","enrollmentGroups":[{"enrollmentGroupId":"g1",{{Keys}}}]}""")).Text("isSuccessful"));
    }

    [Fact]
    public async Task A_query_goes_page_by_page_and_names_its_item_type_in_lower_case()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        foreach (var id in new[] { "a", "b", "c", "d", "e" })
        {
            await host.EnrollAsync(id, Keys);
        }

        var (found, continuation) = (new List<string>(), (string?)null);
        do
        {
            var page = await host.AskAsync("POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments"}""", null, [("x-ms-max-item-count", "2"), .. continuation is null ? Array.Empty<(string, string)>() : [("x-ms-continuation", continuation)]]);
            Assert.Equal((200, "enrollment"), (page.Code, page.Headers["x-ms-item-type"]));
            Assert.Null(page.Body![0]!["attestation"]!["symmetricKey"]!["primaryKey"]);
            found.AddRange(page.Body!.AsArray().Select(item => item!["registrationId"]!.GetValue<string>()));
            continuation = page.Headers.GetValueOrDefault("x-ms-continuation");
            Assert.True(found.Count <= 5);
        }
        while (continuation is not null);

        Assert.Equal(["a", "b", "c", "d", "e"], found);
        Assert.Empty((await host.AskAsync("POST", "/enrollmentGroups/query", """{"query":"select * from enrollmentgroups"}""")).Body!.AsArray());
    }

    [Fact]
    public async Task A_query_with_a_condition_finds_all_that_fit_over_all_pages()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxSearchedItems = 3 });
        foreach (var id in new[] { "a", "b", "c", "d", "e", "f", "g" })
        {
            await host.EnrollAsync(id, $"\"provisioningStatus\":\"{(id is "b" or "e" or "g" ? "disabled" : "enabled")}\",{Keys}");
        }

        var (found, continuation, pages) = (new List<string>(), (string?)null, 0);
        do
        {
            var page = await host.AskAsync(
                "POST", "/enrollments/query", """{"query":"SELECT * FROM enrollments WHERE provisioningStatus = 'disabled' AND NOT registrationId = 'g'"}""", null, continuation is null ? [] : [("x-ms-continuation", continuation)]);
            found.AddRange(page.Body!.AsArray().Select(item => item!["registrationId"]!.GetValue<string>()));
            continuation = page.Headers.GetValueOrDefault("x-ms-continuation");
            pages++;
        }
        while (continuation is not null && pages < 10);

        Assert.Equal(["b", "e"], found);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task A_service_takes_its_limit_of_enrollments_and_groups_and_not_one_more()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { MaxEnrollments = 2, MaxGroups = 1 });
        using var root = TestCertificate.Root();
        await host.EnrollAsync("d1", Keys);
        await host.EnrollAsync("d2", Keys);
        await host.EnrollAsync("g1", Keys, isGroup: true);
        await host.EnrollAsync("g2", Signers(root.Base64), isGroup: true);

        Assert.Equal((409, "409203"), Outcome(await host.AskAsync("PUT", "/enrollments/d3", $$"""{{{Keys}}}""")));
        Assert.Equal((409, "409203"), Outcome(await host.AskAsync("PUT", "/enrollmentGroups/g3", $$"""{{{Keys}}}""")));
        await host.AskAsync("DELETE", "/enrollments/d1");
        await host.EnrollAsync("d3", Keys);
    }

    internal static string Clients(string certificate) => $$$$$"""
        "attestation":{"type":"x509","x509":{"clientCertificates":{"primary":{"certificate":"{{{{{certificate}}}}}"}}}}
        """;

    internal static string Signers(string certificate) => $$$$$"""
        "attestation":{"type":"x509","x509":{"signingCertificates":{"primary":{"certificate":"{{{{{certificate}}}}}"}}}}
        """;

    private static (int Code, string Error) Outcome(ProvisioningHost.Answer answer) => (answer.Code, answer.Text("errorCode"));
}
