using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Gatehouse.Provisioning.CertificateStatus;
using Gatehouse.Provisioning.Issuance;
using Gatehouse.Store;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Suite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Gatehouse.Provisioning.Tests.CertificateIssuanceSuite;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteCertificateStatusTests() : CertificateStatusSuite(null);

public sealed class PostgresCertificateStatusTests(PostgresServer server) : CertificateStatusSuite(server);

/// <summary>What the OCSP responder says of certificates, with openssl as the judge of what it signs.</summary>
public abstract class CertificateStatusSuite(PostgresServer? server) : IDisposable
{
    private const string Issued = """ "attestation":{"type":"symmetricKey"},"credentialPolicyName":"Fleet" """;
    private const string Never = "40112233445566778899AABBCCDDEEFF";

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-ocsp-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("""{"validityDays":30}""")]
    [InlineData("rsa")]
    public async Task A_certificate_is_good_until_it_is_revoked_and_that_counts_at_once_on_every_node(string body)
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var rsa = RSA.Create(2048);
        using var plant = new TestAuthority(key: rsa);
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", body == "rsa" ? plant.Body() : body)).Code);
        using var authority = await AuthorityAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        using var other = await IssueAsync(host, "dev-2");
        using var node = new Node(host);
        var question = new OcspQuestion(authority, leaf.SerialNumber) { Hash = HashAlgorithmName.SHA256 };
        Assert.Equal("good", Judge(host, authority, leaf, await AskAsync(host, question)));
        Assert.Equal("good", Judge(host, authority, leaf, await node.AskAsync(question)));

        Assert.Equal(200, (await host.AskAsync("POST", $"/issuedCertificates/{leaf.SerialNumber}/revoke", """{"reason":"keyCompromise"}""")).Code);

        Assert.Equal("revoked keyCompromise", Judge(host, authority, leaf, await AskAsync(host, question)));
        Assert.Equal("revoked keyCompromise", Judge(host, authority, leaf, await node.AskAsync(question)));
        Assert.Equal("good", Judge(host, authority, other, await AskAsync(host, question with { Serials = [other.SerialNumber] })));
    }

    [Fact]
    public async Task A_serial_number_that_was_never_issued_is_unknown_and_another_CA_is_not_spoken_for()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var authority = await AuthorityAsync(host);
        using var foreign = new TestAuthority();
        using var leaf = await IssueAsync(host, "dev-1");

        Assert.Contains("cert status: unknown", Text((await AskAsync(host, new OcspQuestion(authority, Never))).Der), StringComparison.OrdinalIgnoreCase);
        var both = Text((await AskAsync(host, new OcspQuestion(authority, leaf.SerialNumber, Never))).Der);
        Assert.Equal((1, 1), (CountOf("Cert Status: good", both), CountOf("Cert Status: unknown", both)));
        Assert.Same(OcspAnswer.Unauthorized, await AskAsync(host, new OcspQuestion(foreign.Certificate, leaf.SerialNumber)));
        Assert.Same(OcspAnswer.Unauthorized, await AskAsync(host, new OcspQuestion(authority, leaf.SerialNumber) { OtherHash = "1.2.840.113549.2.5" }));
        Assert.Same(OcspAnswer.Malformed, await AskAsync(host, new OcspQuestion(authority)));
        Assert.Null(await host.Get<CertificateStatuses>().AnswerAsync(host.Instance.Name, "none", null, new OcspQuestion(authority, leaf.SerialNumber).Build(), IPAddress.Loopback, Token));

        // The CA is another: what the one before signed is not spoken for any more.
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", """{"newAuthority":true}""", "*")).Code);
        Assert.Same(OcspAnswer.Unauthorized, await AskAsync(host, new OcspQuestion(authority, leaf.SerialNumber)));
        using var next = await AuthorityAsync(host);
        Assert.Contains("cert status: unknown", Text((await AskAsync(host, new OcspQuestion(next, Never))).Der), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_nonce_comes_back_and_what_has_none_may_be_kept_until_something_changes()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var authority = await AuthorityAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        var question = new OcspQuestion(authority, leaf.SerialNumber);

        var asked = await AskAsync(host, question with { Nonce = [0xA1, 0xB2, 0xC3, 0xD4] });
        Assert.Contains("A1B2C3D4", Text(asked.Der), StringComparison.Ordinal);
        var first = await AskAsync(host, question);
        Assert.Equal((false, true), (asked.MayBeKept, first.MayBeKept));
        host.Time.Advance((CertificateStatuses.Life / 2) - TimeSpan.FromSeconds(1));
        Assert.Same(first, await AskAsync(host, question));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await AskAsync(host, question);
        Assert.Equal((host.Time.GetUtcNow(), host.Time.GetUtcNow() + CertificateStatuses.Life), (second.ThisUpdate, second.NextUpdate));
        Assert.NotSame(await AskAsync(host, question with { Serials = [Never] }), await AskAsync(host, question with { Serials = [Never] }));
    }

    [Fact]
    public async Task A_CA_signs_for_strangers_twice_a_day_and_each_time_it_is_recorded()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var authority = await AuthorityAsync(host);
        var question = new OcspQuestion(authority, Never) { Nonce = [1] };
        for (var i = 0; i < 5; i++)
        {
            await AskAsync(host, question);
        }

        Assert.Single(await CertifiedAsync(host));
        host.Time.Advance((StatusResponder.Life / 2) - TimeSpan.FromSeconds(1));
        await AskAsync(host, question);
        Assert.Single(await CertifiedAsync(host));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await AskAsync(host, question);
        Assert.Equal(["Fleet", "Fleet"], await CertifiedAsync(host));
    }

    [Fact]
    public async Task Without_the_CAs_key_a_responder_goes_on_until_its_certificate_ends_and_the_key_is_left_alone_for_a_while()
    {
        await using var host = await ProvisioningHost.StartAsync(server, keys: [new KeyStoreAddress.Files()]);
        Assert.True(KeyAddress.TryParse("file:issuing", out var address));
        host.Get<SecretVault>().Custody.Stores.CreateSigning(address, SigningKeyType.EcP256).Dispose();
        Assert.Equal(200, (await host.AskAsync("PUT", "/credentialPolicies/Fleet", """{"signingKey":"file:issuing"}""")).Code);
        using var authority = await AuthorityAsync(host);
        using var leaf = await IssueAsync(host, "dev-1");
        var question = new OcspQuestion(authority, leaf.SerialNumber) { Nonce = [1] };
        Assert.Equal("good", Judge(host, authority, leaf, await AskAsync(host, question)));
        var (present, away) = (Path.Combine(host.Folder, "keys", "issuing.signing-key"), In("away"));
        File.Move(present, away);

        host.Time.Advance(StatusResponder.Life - TimeSpan.FromMinutes(10));
        var last = await AskAsync(host, question);
        Assert.Equal("good", Judge(host, authority, leaf, last));
        Assert.InRange(last.NextUpdate!.Value - host.Time.GetUtcNow(), TimeSpan.FromSeconds(599), TimeSpan.FromSeconds(600));
        host.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Same(OcspAnswer.TryLater, await AskAsync(host, question));
        File.Move(away, present);
        Assert.Same(OcspAnswer.TryLater, await AskAsync(host, question));
        host.Time.Advance(PublishedLists.Pause);
        Assert.Equal("good", Judge(host, authority, leaf, await AskAsync(host, question)));
    }

    [Fact]
    public async Task The_responders_certificate_is_good_for_nothing_else()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        await PolicyAsync(host);
        using var authority = await AuthorityAsync(host);
        var answer = await AskAsync(host, new OcspQuestion(authority, Never));
        var text = Text(answer.Der);
        var pem = text[text.IndexOf("-----BEGIN", StringComparison.Ordinal)..];
        using var certificate = X509Certificate2.CreateFromPem(pem);

        Assert.Equal(["1.3.6.1.5.5.7.3.9"], certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(each => each.Value));
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Contains("1.3.6.1.5.5.7.48.1.5", certificate.Extensions.Select(each => each.Oid!.Value));
        Assert.InRange(certificate.NotAfter.ToUniversalTime() - host.Time.GetUtcNow(), StatusResponder.Life - TimeSpan.FromSeconds(1), StatusResponder.Life);
        Assert.False(DeviceId.TryParse(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), out _));
    }

    [Fact]
    public async Task Who_asks_too_much_takes_nothing_from_others_and_all_together_have_a_bound()
    {
        await using var host = await ProvisioningHost.StartAsync(server, new ProvisioningOptions { OcspRatePerAddress = 2, OcspRate = 4 });
        await PolicyAsync(host);
        using var authority = await AuthorityAsync(host);
        var question = new OcspQuestion(authority, Never);
        Task<OcspAnswer> From(string address) => AskAsync(host, question, IPAddress.Parse(address));

        Assert.Equal((false, false, true), (IsLate(await From("10.0.0.1")), IsLate(await From("10.0.0.1")), IsLate(await From("10.0.0.1"))));

        // One subscriber has a /64.
        Assert.Equal((false, false, true), (IsLate(await From("2001:db8::1")), IsLate(await From("2001:db8::2")), IsLate(await From("2001:db8::3"))));
        Assert.True(IsLate(await From("10.0.0.2")));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((false, false), (IsLate(await From("10.0.0.1")), IsLate(await From("::ffff:10.0.0.2"))));
    }

    private static bool IsLate(OcspAnswer answer) => ReferenceEquals(answer, OcspAnswer.TryLater);

    private static async Task<OcspAnswer> AskAsync(ProvisioningHost host, OcspQuestion question, IPAddress? peer = null) =>
        (await host.Get<CertificateStatuses>().AnswerAsync(host.Instance.Name, "fleet", null, question.Build(), peer ?? IPAddress.Loopback, Token))!;

    private static async Task<X509Certificate2> AuthorityAsync(ProvisioningHost host) =>
        X509CertificateLoader.LoadCertificate(Convert.FromBase64String((await host.AskAsync("GET", "/credentialPolicies/Fleet")).Text("certificate")));

    private static async Task<X509Certificate2> IssueAsync(ProvisioningHost host, string id)
    {
        var leaf = ChainOf(await host.RegisterAsync(id, KeyOf(await host.EnrollAsync(id, Issued)), Body(SigningRequests.Good(id))))[0];
        host.Time.Advance(TimeSpan.FromTicks(1));
        return leaf;
    }

    private static async Task<IReadOnlyList<string>> CertifiedAsync(ProvisioningHost host) =>
        [.. (await host.Get<AuditLog>().ReadAsync(host.Instance.Name.Value, 0, 1000, Token)).Where(entry => entry.Fields.Action == "credentialpolicy.responder").Select(entry => entry.Fields.Subject)];

    /// <summary>What openssl makes of it: a signature of the CA's responder, and the status with its reason.</summary>
    private string Judge(ProvisioningHost host, X509Certificate2 authority, X509Certificate2 leaf, OcspAnswer answer)
    {
        File.WriteAllText(In("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(In("leaf.pem"), leaf.ExportCertificatePem());
        File.WriteAllBytes(In("answer.der"), answer.Der);
        var at = host.Time.GetUtcNow().AddSeconds(1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

        // The hash of the question was SHA-256: a name like any other to who reads the answer.
        var (code, output, errors) = Run("ocsp", "-sha256", "-issuer", In("ca.pem"), "-cert", In("leaf.pem"), "-respin", In("answer.der"), "-CAfile", In("ca.pem"), "-attime", at, "-no_nonce");
        if (errors.Contains("No Status found", StringComparison.Ordinal) || output.Contains("No Status found", StringComparison.Ordinal))
        {
            (code, output, errors) = Run("ocsp", "-issuer", In("ca.pem"), "-cert", In("leaf.pem"), "-respin", In("answer.der"), "-CAfile", In("ca.pem"), "-attime", at, "-no_nonce");
        }

        Assert.True(code == 0 && errors.Contains("Response verify OK", StringComparison.Ordinal), $"{code} {output} {errors}");

        // It goes by the clock of this machine, and warns, before it says what it read.
        var status = output.Split("This Update:")[0].TrimEnd().Split('\n')[^1].Replace($"{In("leaf.pem")}: ", "", StringComparison.Ordinal).Trim();
        return output.Contains("Reason: ", StringComparison.Ordinal) ? $"{status} {output.Split("Reason: ")[1].Split('\n')[0].Trim()}" : status;
    }

    private string Text(byte[] der)
    {
        File.WriteAllBytes(In("answer.der"), der);
        return Run("ocsp", "-respin", In("answer.der"), "-resp_text", "-noverify").Output;
    }

    private static int CountOf(string word, string text) => text.Split(word).Length - 1;

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        return (run.ExitCode, output, errors.Result);
    }

    private string In(string name) => Path.Combine(folder, name);

    /// <summary>As another node has it, or this one after a restart.</summary>
    private sealed class Node : IDisposable
    {
        private readonly ProvisioningHost host;
        private readonly StatusResponders responders;
        private readonly CertificateStatuses statuses;

        internal Node(ProvisioningHost host)
        {
            this.host = host;
            var options = new ProvisioningOptions();
            responders = new StatusResponders(host.Get<Database>(), host.Get<IssuingAuthorities>(), options, host.Time, NullLogger<StatusResponders>.Instance);
            statuses = new CertificateStatuses(host.Get<Database>(), responders, new OcspRates(options, host.Time), host.Get<ProvisioningMetrics>(), host.Time);
        }

        internal async Task<OcspAnswer> AskAsync(OcspQuestion question) => (await statuses.AnswerAsync(host.Instance.Name, "Fleet", null, question.Build(), IPAddress.Loopback, Token))!;

        public void Dispose() => responders.Dispose();
    }
}
