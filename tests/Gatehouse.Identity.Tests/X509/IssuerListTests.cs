using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>What the CRL of an outside CA keeps out, and what its absence does.</summary>
public sealed class IssuerListTests
{
    private static readonly Issued Root = Recipe.Authority("Root").Issue();
    private static readonly Issued Middle = Recipe.Authority("Middle", Root).Issue();

    [Fact]
    public void A_certificate_that_its_issuers_list_names_is_refused_and_another_is_not()
    {
        var (lost, other) = (Recipe.Device(Middle).Issue(), Recipe.Device(Middle).Issue());
        var list = Set(ListOf(Middle, lost));

        var refused = Validate(lost, [Middle], [Root], list);

        Assert.Equal(RefusalReason.CertificateRevoked, refused.Fault);
        Assert.Contains("revoked at 2026-11-23T17:00:00Z by CRL 12 of CA 'plant-7' (keyCompromise)", refused.Detail, StringComparison.Ordinal);
        Assert.Null(Validate(other, [Middle], [Root], list).Fault);
    }

    [Fact]
    public void A_list_speaks_for_its_own_key_not_for_a_CA_of_the_same_name()
    {
        var namesake = Recipe.Authority("Middle", Root).Issue();
        var serial = Der.Int([0x11, 1, 2, 3]);
        var (listed, innocent) = ((Recipe.Device(Middle) with { Serial = serial }).Issue(), (Recipe.Device(namesake) with { Serial = serial }).Issue());
        var list = Set(ListOf(Middle, listed));

        Assert.Equal(RefusalReason.CertificateRevoked, Validate(listed, [Middle, namesake], [Root], list).Fault);
        Assert.Null(Validate(innocent, [Middle, namesake], [Root], list).Fault);
    }

    [Fact]
    public void A_CA_on_the_path_is_refused_by_the_list_of_what_signed_it_also_above_the_anchor()
    {
        var leaf = Recipe.Device(Middle).Issue();
        var list = Set(ListOf(Root, Middle));

        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [Middle], [Root], list).Fault);
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [], [Middle], list).Fault);

        // A root that lists itself is believed.
        Assert.Equal(RefusalReason.CertificateRevoked, Validate(leaf, [Middle], [Root], Set(ListOf(Root, Root))).Fault);
        Assert.Null(Validate(leaf, [Middle], [Root], Set(ListOf(Root, leaf))).Fault);
    }

    [Fact]
    public void A_pinned_certificate_is_refused_by_the_list_of_what_signed_it()
    {
        var leaf = Recipe.Device(Middle, "anything").Issue();

        Assert.Equal(RefusalReason.CertificateRevoked, JudgePinned(leaf, [], Set(ListOf(Middle, leaf))));
        Assert.Equal(RefusalReason.CertificateRevoked, JudgePinned(leaf, [Middle], Set(ListOf(Root, Middle))));
        Assert.Null(JudgePinned(leaf, [Middle], Set(ListOf(Root, leaf))));
        Assert.Equal(RefusalReason.RevocationListStale, JudgePinned(leaf, [], Set(ListOf(Middle) with { Stale = StaleListRule.Refuse, NextUpdate = Recipe.Now.AddSeconds(-1) })));
    }

    [Theory]
    [InlineData(StaleListRule.Accept, 3600, null)]
    [InlineData(StaleListRule.Accept, -1, null)]
    [InlineData(StaleListRule.Refuse, 3600, null)]
    [InlineData(StaleListRule.Refuse, 0, null)]
    [InlineData(StaleListRule.Refuse, -1, RefusalReason.RevocationListStale)]
    [InlineData(StaleListRule.Accept, null, null)]
    [InlineData(StaleListRule.Refuse, null, RefusalReason.RevocationListStale)]
    public void A_list_that_is_missing_or_past_its_time_keeps_out_by_the_CAs_rule_only(StaleListRule rule, int? secondsLeft, RefusalReason? expected)
    {
        var (lost, other, elsewhere) = (Recipe.Device(Middle).Issue(), Recipe.Device(Middle).Issue(), Recipe.Device(Root).Issue());
        var own = ListOf(Middle, lost) with { Stale = rule, NextUpdate = secondsLeft is { } left ? Recipe.Now.AddSeconds(left) : null };
        if (secondsLeft is null)
        {
            own = own with { Number = null, Serials = RevokedSerials.None };
        }

        Assert.Equal(expected, Validate(other, [Middle], [Root], Set(own)).Fault);
        Assert.Null(Validate(elsewhere, [], [Root], Set(own)).Fault);

        // What it lists stays revoked, whatever the clock says.
        Assert.Equal(secondsLeft is null ? expected : RefusalReason.CertificateRevoked, Validate(lost, [Middle], [Root], Set(own)).Fault);
    }

    [Fact]
    public void A_path_by_another_CA_of_the_same_key_is_found_when_the_first_has_no_list_of_today()
    {
        var (first, second) = (Recipe.Authority("Root 1").Issue(), Recipe.Authority("Root 2").Issue());
        var byFirst = Recipe.Authority("Line", first).Issue();
        var bySecond = (Recipe.Authority("Line", second) with { Key = byFirst.Key }).Issue();
        var stale = ListOf(first) with { Stale = StaleListRule.Refuse, NextUpdate = Recipe.Now.AddDays(-1) };

        Assert.Null(Validate(Recipe.Device(byFirst).Issue(), [byFirst, bySecond], [first, second], Set(stale)).Fault);
    }

    [Fact]
    public void A_path_that_is_remembered_is_judged_again_once_a_list_that_must_be_fresh_is_not()
    {
        var leaf = Recipe.Device(Middle).Issue();
        var due = Recipe.Now.AddHours(1);
        var set = Set(ListOf(Middle) with { Stale = StaleListRule.Refuse, NextUpdate = due });
        var (chains, shown, anchors) = (new CertificateChains(new IdentityOptions()), new PeerCertificate(Load(leaf), [Load(Middle)]), new TrustAnchors([Load(Root)]));

        Assert.Null(chains.Follow(shown, anchors, Recipe.Now, set).Fault);
        Assert.Null(chains.Follow(shown, anchors, due, set).Fault);
        Assert.Equal(RefusalReason.RevocationListStale, chains.Follow(shown, anchors, due.AddSeconds(1), set).Fault);
        Assert.Null(chains.Follow(shown, anchors, Recipe.Now, set).Fault);
        Assert.Equal((due, DateTimeOffset.MaxValue), (set.GoodUntil(Recipe.Now), set.GoodUntil(due.AddSeconds(1))));
    }

    [Fact]
    public void A_list_of_nobody_on_the_path_costs_no_signature()
    {
        var (leaf, stranger) = (Recipe.Device(Middle).Issue(), Recipe.Authority("Stranger").Issue());
        var set = Set(ListOf(stranger, leaf), ListOf(Root, leaf));

        // Three signatures are what the path itself needs.
        var found = new PathValidator(new PathOptions { MaxSignatureChecks = 2 }).Validate(leaf.Raw, [Middle.Raw], new TrustAnchors([Load(Root)]), Recipe.Now, set);

        Assert.Null(found.Fault);
    }

    private static RevocationSet Set(params IssuerList[] lists) => RevocationSet.Empty.WithLists([.. lists]);

    private static IssuerList ListOf(Issued authority, params Issued[] listed)
    {
        Assert.True(AuthorityCertificate.TryRead(authority.Raw, out var read, out _));
        return new IssuerList
        {
            Issuer = read.IssuerMark,
            CaName = "plant-7",
            Authority = authority.Raw,
            Stale = StaleListRule.Accept,
            Number = "12",
            NextUpdate = Recipe.Now.AddDays(1),
            Serials = RevokedSerials.Of([.. listed.Select(each => new RevokedSerial(SerialOf(each), RevocationReason.KeyCompromise, new DateTimeOffset(2026, 11, 23, 17, 0, 0, TimeSpan.Zero)))], out _),
        };
    }

    private static CertificateSerial SerialOf(Issued certificate)
    {
        var digits = MemoryRevocations.Outline(certificate.Raw).SerialNumber;
        return CertificateSerial.TryRead(Convert.FromHexString("00" + (digits.Length % 2 == 0 ? digits : "0" + digits)), out var serial) ? serial : throw new ArgumentException(digits);
    }

    private static PathFinding Validate(Issued leaf, Issued[] sent, Issued[] anchors, RevocationSet set) =>
        new PathValidator(new PathOptions()).Validate(leaf.Raw, [.. sent.Select(each => (ReadOnlyMemory<byte>)each.Raw)], new TrustAnchors([.. anchors.Select(Load)]), Recipe.Now, set);

    private static RefusalReason? JudgePinned(Issued leaf, Issued[] sent, RevocationSet set)
    {
        var world = new MemoryCredentials();
        world.AddDevice("dev1", CredentialKind.SelfSigned, device => device with { PrimaryThumbprint = Convert.ToHexString(SHA256.HashData(leaf.Raw)) });
        var devices = new DeviceAuthenticator(new IdentityParts(world, world.Vault, new FakeTimeProvider(Recipe.Now)) { Revocations = new MemoryRevocations(set) });
        var login = new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), null, new PeerCertificate(Load(leaf), [.. sent.Select(Load)]));
        return (devices.AuthenticateAsync(login, TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult() as Verdict.Refused)?.Reason;
    }

    private static X509Certificate2 Load(Issued certificate) => X509CertificateLoader.LoadCertificate(certificate.Raw);
}
