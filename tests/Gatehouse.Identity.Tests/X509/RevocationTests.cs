using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>What a revocation list keeps out: a certificate, a key, a serial number, a CA with all below it; and what it does not.</summary>
public sealed class RevocationTests
{
    public static TheoryData<string> Ways => ["thumbprint", "key", "serial"];

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_certificate_of_a_device_is_refused_and_that_of_another_is_not(string way)
    {
        var root = Recipe.Authority("Root").Issue();
        var middle = Recipe.Authority("Middle", root).Issue();
        var (lost, other) = (Recipe.Device(middle).Issue(), Recipe.Device(middle).Issue());
        var list = ListOf(Entry(lost, way, middle));

        var refused = Validate(lost, [middle], [root], list);

        Assert.Equal(RefusalReason.CertificateRevoked, refused.Fault);
        Assert.Contains("2026-11-24T08:00:00Z by policy:iothubowner (keyCompromise, \"lost\")", refused.Detail, StringComparison.Ordinal);
        Assert.Null(Validate(other, [middle], [root], list).Fault);
        Assert.Null(Validate(lost, [middle], [root], RevocationSet.Empty).Fault);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_certificate_of_a_CA_on_the_path_is_refused_with_all_below_it(string way)
    {
        var root = Recipe.Authority("Root").Issue();
        var (middle, beside) = (Recipe.Authority("Middle", root).Issue(), Recipe.Authority("Beside", root).Issue());
        var list = ListOf(Entry(middle, way, root));

        Assert.Equal(RefusalReason.CertificateRevoked, Validate(Recipe.Device(middle).Issue(), [middle], [root], list).Fault);
        Assert.Null(Validate(Recipe.Device(beside).Issue(), [beside], [root], list).Fault);
    }

    [Fact]
    public void An_issuer_is_refused_with_all_below_it_wherever_it_stands()
    {
        var root = Recipe.Authority("Root").Issue();
        var (upper, other) = (Recipe.Authority("Upper", root).Issue(), Recipe.Authority("Other").Issue());
        var lower = Recipe.Authority("Lower", upper).Issue();
        var leaf = Recipe.Device(lower).Issue();

        // The anchor, between, and above an anchor that is an intermediate.
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [lower, upper], [root], ListOf(MemoryRevocations.Issuer(root.Raw))).Fault);
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [lower, upper], [root], ListOf(MemoryRevocations.Issuer(upper.Raw))).Fault);
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [lower], [upper], ListOf(MemoryRevocations.Issuer(root.Raw))).Fault);
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [upper], [lower], ListOf(MemoryRevocations.Issuer(root.Raw))).Fault);
        Assert.Null(Validate(leaf, [lower, upper], [root], ListOf(MemoryRevocations.Issuer(other.Raw))).Fault);
    }

    [Fact]
    public void A_CA_of_the_same_name_and_another_key_is_not_taken_for_the_revoked_one()
    {
        var (revoked, genuine) = (Recipe.Authority("Root").Issue(), Recipe.Authority("Root").Issue());

        Assert.Null(Validate(Recipe.Device(genuine).Issue(), [], [genuine], ListOf(MemoryRevocations.Issuer(revoked.Raw))).Fault);
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(Recipe.Device(revoked).Issue(), [], [genuine, revoked], ListOf(MemoryRevocations.Issuer(revoked.Raw))).Fault);
    }

    [Fact]
    public void A_CA_whose_certificate_is_revoked_is_followed_by_another_certificate_of_its_key_and_not_when_the_key_is()
    {
        var (first, second) = (Recipe.Authority("Root 1").Issue(), Recipe.Authority("Root 2").Issue());
        var byFirst = Recipe.Authority("Middle", first).Issue();
        var bySecond = (Recipe.Authority("Middle", second) with { Key = byFirst.Key }).Issue();
        var leaf = Recipe.Device(byFirst).Issue();

        Assert.Null(Validate(leaf, [byFirst, bySecond], [first, second], ListOf(Entry(byFirst, "thumbprint", first))).Fault);
        Assert.Null(Validate(leaf, [byFirst, bySecond], [first, second], ListOf(MemoryRevocations.Issuer(first.Raw))).Fault);
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [byFirst, bySecond], [first, second], ListOf(Entry(byFirst, "key", first))).Fault);
    }

    [Fact]
    public void A_revoked_CA_in_the_crowd_that_a_peer_sends_spoils_nothing()
    {
        var (root, revoked) = (Recipe.Authority("Root").Issue(), Recipe.Authority("Stranger").Issue());

        Assert.Null(Validate(Recipe.Device(root).Issue(), [revoked], [root], ListOf(MemoryRevocations.Issuer(revoked.Raw))).Fault);
    }

    [Fact]
    public async Task A_certificate_that_is_registered_by_its_thumbprint_is_refused_by_what_it_is_and_by_what_signed_it()
    {
        var root = Recipe.Authority("Root").Issue();
        var middle = Recipe.Authority("Middle", root).Issue();
        var leaf = Recipe.Device(middle, "anything").Issue();

        Assert.Null(await JudgeAsync(leaf, [middle], RevocationSet.Empty));
        foreach (var way in Ways.Select(row => row.Data))
        {
            Assert.Equal(RefusalReason.CertificateRevoked, await JudgeAsync(leaf, [], ListOf(Entry(leaf, way, middle))));
        }

        Assert.Equal(RefusalReason.CertificateRevoked, await JudgeAsync(leaf, [], ListOf(MemoryRevocations.Issuer(middle.Raw))));
        Assert.Equal(RefusalReason.CertificateRevoked, await JudgeAsync(leaf, [middle], ListOf(MemoryRevocations.Issuer(root.Raw))));
        Assert.Equal(RefusalReason.CertificateRevoked, await JudgeAsync(leaf, [root, middle], ListOf(Entry(middle, "serial", root))));

        // What it was not signed by, though it sends it.
        var stranger = Recipe.Authority("Stranger").Issue();
        Assert.Null(await JudgeAsync(leaf, [stranger], ListOf(MemoryRevocations.Issuer(stranger.Raw))));
    }

    [Fact]
    public async Task A_certificate_without_a_version_can_be_revoked_too()
    {
        var leaf = (Recipe.Device(Recipe.Authority("Root").Issue()) with { Version = [], Extensions = [] }).Issue();

        Assert.Null(await JudgeAsync(leaf, [], RevocationSet.Empty));
        Assert.Equal(RefusalReason.CertificateRevoked, await JudgeAsync(leaf, [], ListOf(MemoryRevocations.Entry(MemoryRevocations.Outline(leaf.Raw).Thumbprint, RevocationKind.Certificate))));
        Assert.Equal(RefusalReason.CertificateRevoked, await JudgeAsync(leaf, [], ListOf(MemoryRevocations.Entry(MemoryRevocations.Outline(leaf.Raw).Key, RevocationKind.Key))));
    }

    [Theory]
    [InlineData("0a1b2c", true)]
    [InlineData("00:0A:1B:2C", true)]
    [InlineData("0A1B2D", false)]
    [InlineData("0A1B2", false)]
    public void A_serial_number_is_the_same_however_it_is_written(string text, bool isSame)
    {
        var root = Recipe.Authority("Root").Issue();
        var leaf = (Recipe.Device(root) with { Serial = Der.Int([0x0A, 0x1B, 0x2C]) }).Issue();

        Assert.True(MemoryRevocations.Outline(root.Raw).TryMarkIssued(text, out _, out var mark));
        Assert.Equal(isSame, mark == MemoryRevocations.Outline(leaf.Raw).Serial);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x12")]
    [InlineData("twelve")]
    [InlineData("-1")]
    public void What_is_no_serial_number_makes_no_mark(string text) =>
        Assert.False(MemoryRevocations.Outline(Recipe.Authority("Root").Issue().Raw).TryMarkIssued(text, out _, out _));

    [Fact]
    public async Task Whoever_was_let_in_is_found_by_every_certificate_of_its_path_and_by_no_other()
    {
        var root = Recipe.Authority("Root").Issue();
        var middle = Recipe.Authority("Middle", root).Issue();
        var leaf = Recipe.Device(middle).Issue();
        var beside = Recipe.Device(middle).Issue();
        var world = new MemoryCredentials { Anchors = new TrustAnchors([Load(root)]) };
        world.AddDevice("dev1", CredentialKind.CertificateAuthority);
        var accepted = Assert.IsType<Verdict.Accepted>(await Devices(world, RevocationSet.Empty).AuthenticateAsync(Login(leaf, [middle]), TestContext.Current.CancellationToken));
        var trace = accepted.Principal.Certificates!;

        foreach (var way in Ways.Select(row => row.Data))
        {
            Assert.True(trace.RestsOnAny(Entry(leaf, way, middle).ShortMarks.ToHashSet()));
            Assert.True(trace.RestsOnAny(Entry(middle, way, root).ShortMarks.ToHashSet()));
            Assert.True(trace.RestsOnAny(Entry(root, way, root).ShortMarks.ToHashSet()));
            Assert.False(trace.RestsOnAny(Entry(beside, way, middle).ShortMarks.ToHashSet()));
        }

        Assert.Same(trace.Issuers, Assert.IsType<Verdict.Accepted>(await Devices(world, RevocationSet.Empty).AuthenticateAsync(Login(leaf, [middle]), TestContext.Current.CancellationToken)).Principal.Certificates!.Issuers);
    }

    [Fact]
    public void Thousands_of_entries_cost_a_look_up_and_one_replaces_its_predecessor()
    {
        var root = Recipe.Authority("Root").Issue();
        var leaf = Recipe.Device(root).Issue();
        var many = RevocationSet.Empty.With([.. Enumerable.Range(0, 5_000).Select(i => MemoryRevocations.Entry(CertificateMark.Of(BitConverter.GetBytes(i)), RevocationKind.Certificate))]);

        Assert.Null(Validate(leaf, [], [root], many).Fault);
        var more = many.With([MemoryRevocations.Issuer(root.Raw)]).With([MemoryRevocations.Issuer(root.Raw) with { Reason = RevocationReason.CaCompromise }]);
        Assert.Equal((5_001, 1, RevocationReason.CaCompromise), (more.Count, more.Authorities.Count, more.Authorities[0].Reason));
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [], [root], more).Fault);
    }

    private static Revocation Entry(Issued certificate, string way, Issued issuer)
    {
        var outline = MemoryRevocations.Outline(certificate.Raw);
        if (way != "serial")
        {
            return way == "key" ? MemoryRevocations.Entry(outline.Key, RevocationKind.Key) : MemoryRevocations.Entry(outline.Thumbprint, RevocationKind.Certificate);
        }

        // As an operator has it who does not have the certificate.
        Assert.True(MemoryRevocations.Outline(issuer.Raw).TryMarkIssued(outline.SerialNumber, out _, out var mark));
        return MemoryRevocations.Entry(mark, RevocationKind.Certificate);
    }

    private static RevocationSet ListOf(params Revocation[] entries) => RevocationSet.Empty.With(entries);

    private static PathFinding Validate(Issued leaf, Issued[] sent, Issued[] anchors, RevocationSet list) =>
        new PathValidator(new PathOptions()).Validate(leaf.Raw, [.. sent.Select(each => (ReadOnlyMemory<byte>)each.Raw)], new TrustAnchors([.. anchors.Select(Load)]), Recipe.Now, list);

    private static async Task<RefusalReason?> JudgeAsync(Issued leaf, Issued[] sent, RevocationSet list)
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1", CredentialKind.SelfSigned, device => device with { PrimaryThumbprint = Convert.ToHexString(SHA256.HashData(leaf.Raw)) });
        return (await Devices(world, list).AuthenticateAsync(Login(leaf, sent), TestContext.Current.CancellationToken) as Verdict.Refused)?.Reason;
    }

    private static DeviceAuthenticator Devices(MemoryCredentials world, RevocationSet list) =>
        new(new IdentityParts(world, world.Vault, new FakeTimeProvider(Recipe.Now)) { Revocations = new MemoryRevocations(list) });

    private static DeviceLogin Login(Issued leaf, Issued[] sent) => new(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), null, new PeerCertificate(Load(leaf), [.. sent.Select(Load)]));

    private static X509Certificate2 Load(Issued certificate) => X509CertificateLoader.LoadCertificate(certificate.Raw);
}
