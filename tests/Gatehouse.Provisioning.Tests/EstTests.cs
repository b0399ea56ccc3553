using System.Formats.Asn1;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Audit;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Enrollment over Secure Transport: what everybody is told, who is issued a certificate by a token, and what is refused. With certificates of TLS: EstTests of the command line.</summary>
public sealed class EstTests
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"fleet" """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everybody_is_told_the_CAs_and_which_key_to_make()
    {
        await using var host = await ProvisioningHost.StartAsync();
        Assert.Equal(404, (await AskAsync(host, "cacerts")).Code);
        Assert.Equal(204, (await AskAsync(host, "csrattrs")).Code);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        var policy = await PolicyAsync(host, "fleet");

        foreach (var path in new[] { "cacerts", $"{host.Instance.IdScope}/cacerts", $"{host.Instance.IdScope.ToLowerInvariant()}/cacerts" })
        {
            var told = await AskAsync(host, path);
            Assert.Equal((200, "application/pkcs7-mime; smime-type=certs-only", "base64"), (told.Code, told.Type, told.Encoding));
            Assert.Equal([policy.Text("certificate")], told.Certificates().Select(each => Convert.ToBase64String(each.RawData)));
        }

        var attributes = await AskAsync(host, "csrattrs");
        Assert.Equal((200, "application/csrattrs", "base64"), (attributes.Code, attributes.Type, attributes.Encoding));
        var attribute = new AsnReader(Convert.FromBase64String(attributes.Body), AsnEncodingRules.DER).ReadSequence().ReadSequence();
        Assert.Equal(("1.2.840.10045.2.1", "1.2.840.10045.3.1.7"), (attribute.ReadObjectIdentifier(), attribute.ReadSetOf().ReadObjectIdentifier()));

        // Two policies that want different keys: nothing can be said.
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/other", """{"keyTypes":["rsa"]}""")).Code);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(204, (await AskAsync(host, "csrattrs")).Code);
        Assert.Equal(2, (await AskAsync(host, "cacerts")).Certificates().Count);
        Assert.Empty(host.Refusals);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_registration_id_and_a_token_of_it_enroll_a_device_as_a_registration_does(bool isGroup, bool hasLabel)
    {
        await using var host = await ProvisioningHost.StartAsync();
        var policy = await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync(isGroup ? "line" : "dev-1", Issued, isGroup));
        key = isGroup ? ProvisioningHost.Derive(key, "dev-1") : key;

        var enrolled = await EnrollAsync(host, "dev-1", host.DeviceToken("dev-1", key), Lines(SigningRequests.Good("dev-1")), label: hasLabel ? host.Instance.IdScope + "/" : "");

        Assert.Equal((200, "application/pkcs7-mime; smime-type=certs-only", "base64"), (enrolled.Code, enrolled.Type, enrolled.Encoding));
        using var leaf = enrolled.Certificates().Single();
        using var root = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(policy.Text("certificate")));
        Assert.Equal(("CN=dev-1", true), (leaf.Subject, LeadsTo(leaf, root)));
        Assert.Equal(leaf.GetCertHashString(HashAlgorithmName.SHA256), (await host.DeviceAsync("dev-1"))!.PrimaryThumbprint);
        Assert.Equal(leaf.SerialNumber, (await InventoryAsync(host)).Single()!["serialNumber"]!.GetValue<string>());
        Assert.Equal(["credentialpolicy.create fleet", isGroup ? "enrollmentgroup.create line" : "enrollment.create dev-1", "registration.assign dev-1", "certificate.issue dev-1"], await host.AuditedAsync());
        Assert.Equal("assigned", (await host.AskAsync("GET", "/registrations/dev-1")).Text("status"));
    }

    [Fact]
    public async Task Who_proves_nothing_is_told_how_and_nothing_is_issued()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        var good = SigningRequests.Good("dev-1");
        (AuthenticationHeaderValue? Proof, RefusalReason? Reason)[] wrong =
        [
            (null, null),
            (new AuthenticationHeaderValue("Bearer", "abc"), null),
            (new AuthenticationHeaderValue("Basic", "%%%"), null),
            (Basic("dev-1", ""), null),
            (Basic("dev-1", key), RefusalReason.TokenMalformed),
            (Basic("dev-1", host.DeviceToken("dev-1", Convert.ToBase64String(new byte[64]))), RefusalReason.TokenSignatureWrong),
            (Basic("dev-1", host.DeviceToken("dev-2", key)), RefusalReason.TokenScopeWrong),
            (Basic("dev-1", host.DeviceToken("dev-1", key, end: host.Time.GetUtcNow().AddMinutes(-30))), RefusalReason.TokenExpired),
            (Basic("nobody", host.DeviceToken("nobody", key)), RefusalReason.TokenSignatureWrong),
        ];
        foreach (var (proof, reason) in wrong)
        {
            var refused = await PostAsync(host, "simpleenroll", proof, good);
            Assert.Equal((401, "text/plain; charset=utf-8", "Basic realm=\"est\""), (refused.Code, refused.Type, refused.Challenge));
            Assert.StartsWith("Unauthorized: ", refused.Body, StringComparison.Ordinal);
            Assert.Equal(reason, host.Refusals.TryDequeue(out var refusal) ? refusal.Reason : null);
        }

        Assert.Null(await host.DeviceAsync("dev-1"));
        Assert.Empty(await InventoryAsync(host));
    }

    [Fact]
    public async Task A_request_that_is_wrong_is_explained_and_recorded_and_changes_nothing()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        var bare = KeyOf(await host.EnrollAsync("dev-2", """ "attestation":{"type":"symmetricKey"} """));
        var foreign = Convert.FromBase64String(SigningRequests.Good("dev-1"));
        foreign[^1] ^= 1;
        (string Id, string Key, string Request, string Words)[] wrong =
        [
            ("dev-1", key, SigningRequests.Good("dev-9"), "its common name (CN) is 'dev-9', not 'dev-1'"),
            ("dev-1", key, SigningRequests.Rsa("dev-1", 2048), "the policy permits ec-p256, ec-p384"),
            ("dev-1", key, Convert.ToBase64String(foreign), "did not pass verification"),
            ("dev-1", key, "bm8gcmVxdWVzdA==", "cannot be used"),
            ("dev-1", key, "%%%", "it is not base64"),
            ("dev-2", bare, SigningRequests.Good("dev-2"), "no credential policy"),
        ];
        foreach (var (id, given, request, words) in wrong)
        {
            var refused = await EnrollAsync(host, id, host.DeviceToken(id, given), request);
            Assert.Equal((400, "text/plain; charset=utf-8"), (refused.Code, refused.Type));
            Assert.Contains(words, refused.Body, StringComparison.Ordinal);
            Assert.True(host.Refusals.TryDequeue(out var refusal));
            Assert.Equal((RefusalReason.CertificateRequestRefused, id), (refusal.Reason, refusal.Claimed));
        }

        Assert.Equal(400, (await EnrollAsync(host, "dev 1\n", host.DeviceToken("dev-1", key), SigningRequests.Good("dev-1"))).Code);
        Assert.Empty(host.Refusals);
        Assert.Equal(400, (await EnrollAsync(host, "dev-1", host.DeviceToken("dev-1", key), " \r\n")).Code);
        Assert.Equal(413, (await EnrollAsync(host, "dev-1", host.DeviceToken("dev-1", key), new string('A', 20_000))).Code);
        Assert.Equal(415, (await PostAsync(host, "simpleenroll", Basic("dev-1", host.DeviceToken("dev-1", key)), SigningRequests.Good("dev-1"), "application/json")).Code);
        Assert.Null(await host.DeviceAsync("dev-1"));
        Assert.Empty(await InventoryAsync(host));
    }

    [Fact]
    public async Task Limits_are_those_of_registrations_and_a_disabled_enrollment_enrolls_nobody()
    {
        await using var host = await ProvisioningHost.StartAsync(null, new ProvisioningOptions { MaxCertificatesPerHour = 2 });
        await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));
        var codes = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            codes.Add((await EnrollAsync(host, "dev-1", host.DeviceToken("dev-1", key), SigningRequests.Good("dev-1"))).Code);
        }

        Assert.Equal([200, 200, 429], codes);
        var other = KeyOf(await host.EnrollAsync("dev-2", Issued + ""","provisioningStatus":"disabled" """));
        Assert.Equal(401, (await EnrollAsync(host, "dev-2", host.DeviceToken("dev-2", other), SigningRequests.Good("dev-2"))).Code);
    }

    [Fact]
    public async Task To_enroll_again_takes_a_certificate_that_was_issued_and_other_paths_are_none()
    {
        await using var host = await ProvisioningHost.StartAsync();
        await PolicyAsync(host, "fleet");
        var key = KeyOf(await host.EnrollAsync("dev-1", Issued));

        var refused = await PostAsync(host, "simplereenroll", Basic("dev-1", host.DeviceToken("dev-1", key)), SigningRequests.Good("dev-1"));
        Assert.Equal(401, refused.Code);
        Assert.Contains("simpleenroll", refused.Body, StringComparison.Ordinal);
        Assert.Equal(RefusalReason.CredentialMissing, Assert.Single(host.Refusals).Reason);

        Assert.Equal((404, 404, 404), ((await AskAsync(host, "serverkeygen")).Code, (await AskAsync(host, "0ne00000000/cacerts")).Code, (await AskAsync(host, "a/b/cacerts")).Code));
        using var wrong = await host.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/.well-known/est/simpleenroll"));
        Assert.Equal((405, "POST"), ((int)wrong.StatusCode, string.Join(",", wrong.Content.Headers.Allow)));
    }

    private static AuthenticationHeaderValue Basic(string id, string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{password}")));

    private static Task<Answer> EnrollAsync(ProvisioningHost host, string id, string token, string request, string label = "") => PostAsync(host, $"{label}simpleenroll", Basic(id, token), request);

    private static async Task<Answer> PostAsync(ProvisioningHost host, string path, AuthenticationHeaderValue? proof, string request, string type = "application/pkcs10")
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"/.well-known/est/{path}") { Content = new StringContent(request, Encoding.ASCII, type) };
        message.Content.Headers.ContentType!.CharSet = null;
        message.Headers.Authorization = proof;
        return await Answer.ReadAsync(await host.SendAsync(message));
    }

    private static async Task<Answer> AskAsync(ProvisioningHost host, string path) => await Answer.ReadAsync(await host.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"/.well-known/est/{path}")));

    // As openssl writes it.
    private static string Lines(string base64) => string.Join("\n", base64.Chunk(64).Select(line => new string(line))) + "\n";

    private sealed record Answer(int Code, string? Type, string? Encoding, string? Challenge, string Body)
    {
        internal static async Task<Answer> ReadAsync(HttpResponseMessage response)
        {
            using (response)
            {
                return new Answer(
                    (int)response.StatusCode,
                    response.Content.Headers.ContentType?.ToString(),
                    response.Headers.Concat(response.Content.Headers).Where(header => header.Key.Equals("Content-Transfer-Encoding", StringComparison.OrdinalIgnoreCase)).SelectMany(header => header.Value).FirstOrDefault(),
                    response.Headers.WwwAuthenticate.FirstOrDefault()?.ToString(),
                    await response.Content.ReadAsStringAsync(Token));
            }
        }

        internal List<X509Certificate2> Certificates()
        {
            // RFC 5652 §5.1: the type, then version, hashes, content and certificates.
            var content = new AsnReader(Convert.FromBase64String(Body), AsnEncodingRules.BER).ReadSequence();
            Assert.Equal("1.2.840.113549.1.7.2", content.ReadObjectIdentifier());
            var signed = content.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
            for (var i = 0; i < 3; i++)
            {
                signed.ReadEncodedValue();
            }

            var (held, all) = (signed.ReadSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)), new List<X509Certificate2>());
            while (held.HasData)
            {
                all.Add(X509CertificateLoader.LoadCertificate(held.ReadEncodedValue().Span));
            }

            return all;
        }
    }
}
