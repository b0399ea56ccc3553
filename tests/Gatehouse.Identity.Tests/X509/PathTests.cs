using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Xunit;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>The table of chains, through the validator and, wherever the platform can carry the certificates, through the door that devices come in by.</summary>
public sealed class PathTests
{
    private static readonly Dictionary<string, PathCase> Cases = new[] { DateCases.All, AuthorityCases.All, ConstraintCases.All, NameCases.All, KeyCases.All, FormCases.All, TrustCases.All }
        .SelectMany(c => c)
        .ToDictionary(c => $"{c.Section}: {c.Name}");

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_chain_is_judged_by_its_rule(string name)
    {
        var (wanted, shown) = (Cases[name], Cases[name].Build());

        // The name of the device is not the path's business.
        var ofPath = wanted.Expected == RefusalReason.CertificateNameMismatch ? null : wanted.Expected;
        var finding = Validate(shown, new PathOptions());
        Assert.Equal((ofPath, ofPath is null ? "" : wanted.Words), (finding.Fault, Found(finding.Detail, wanted.Words)));
        Assert.True(ofPath is not null || finding.Path.Count >= 2);

        if (Platform(shown) is { } carried)
        {
            var verdict = await JudgeAsync(carried.Certificate, carried.Anchors);
            var refused = verdict as Verdict.Refused;
            Assert.Equal((wanted.Expected, wanted.Words), (refused?.Reason, Found(refused?.Detail ?? "", wanted.Words)));
        }
    }

    [Fact]
    public void Nearly_every_chain_comes_in_by_the_door_too()
    {
        var refusedByPlatform = Cases.Values.Where(c => Platform(c.Build()) is null).Select(c => c.Name).ToList();

        Assert.True(Cases.Count >= 60, $"{Cases.Count} cases");
        Assert.True(refusedByPlatform.Count < Cases.Count / 5, string.Join("; ", refusedByPlatform));
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void No_more_signatures_are_checked_than_the_bound_says(int bound, bool isFound)
    {
        // Three strangers of the right name, the right issuer, the root: five signatures.
        var finding = Validate(TrustCases.Crowd(3), new PathOptions { MaxSignatureChecks = bound });

        Assert.Equal(isFound, finding.Fault is null);
        Assert.Equal(!isFound, finding.Detail.Contains("too many paths", StringComparison.Ordinal));
    }

    [Fact]
    public void CAs_that_all_signed_each_other_cost_no_more_than_the_bound()
    {
        // Five keys of one name, each certified by three others: paths beyond number, none of which ends at the anchor.
        var keys = Enumerable.Range(0, 5).Select(_ => Recipe.Authority("Ring").Issue()).ToList();
        var sent = Enumerable.Range(0, 15).Select(i => (Recipe.Authority("Ring", keys[(i + 1 + (i / 5)) % 5]) with { Key = keys[i % 5].Key }).Issue()).ToList();
        var shown = new Shown(Recipe.Device(keys[0]).Issue(), sent, [Recipe.Authority("Root").Issue()]);
        Validate(shown, new PathOptions());
        var started = Stopwatch.GetTimestamp();

        var finding = Validate(shown, new PathOptions());

        Assert.Equal(RefusalReason.CertificateNotTrusted, finding.Fault);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_device_is_refused_once_its_CA_is_no_longer_trusted()
    {
        var (certificate, anchors) = Platform(PathCase.Three())!.Value;
        var world = new MemoryCredentials { Anchors = anchors };
        world.AddDevice("dev1", CredentialKind.CertificateAuthority);
        var login = new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), null, certificate);

        var before = await world.Devices(Recipe.Now).AuthenticateAsync(login, TestContext.Current.CancellationToken);
        world.Anchors = new TrustAnchors([]);
        var after = await world.Devices(Recipe.Now).AuthenticateAsync(login, TestContext.Current.CancellationToken);

        Assert.IsType<Verdict.Accepted>(before);
        Assert.Equal(RefusalReason.CertificateNotTrusted, Assert.IsType<Verdict.Refused>(after).Reason);
    }

    private static PathFinding Validate(Shown shown, PathOptions options) =>
        new PathValidator(options).Validate(shown.Leaf.Raw, [.. shown.Sent.Select(s => (ReadOnlyMemory<byte>)s.Raw)], Load(shown.Anchors), Recipe.Now);

    private static async Task<Verdict> JudgeAsync(PeerCertificate certificate, TrustAnchors anchors)
    {
        var world = new MemoryCredentials { Anchors = anchors };
        world.AddDevice("dev1", CredentialKind.CertificateAuthority);
        return await world.Devices(Recipe.Now).AuthenticateAsync(
            new DeviceLogin(MemoryCredentials.Host, MemoryCredentials.Identity("dev1"), null, certificate), TestContext.Current.CancellationToken);
    }

    private static string Found(string detail, string words) => detail.Contains(words, StringComparison.Ordinal) ? words : detail;

    private static TrustAnchors Load(IEnumerable<Issued> anchors) => new([.. anchors.Select(a => X509CertificateLoader.LoadCertificate(a.Raw))]);

    /// <summary>As TLS would hand it over; null when the platform does not read one of the certificates, or reads less than was sent.</summary>
    private static (PeerCertificate Certificate, TrustAnchors Anchors)? Platform(Shown shown)
    {
        try
        {
            var leaf = X509CertificateLoader.LoadCertificate(shown.Leaf.Raw);
            var sent = shown.Sent.Select(s => X509CertificateLoader.LoadCertificate(s.Raw)).ToList();
            return leaf.RawDataMemory.Span.SequenceEqual(shown.Leaf.Raw) ? (new PeerCertificate(leaf, sent), Load(shown.Anchors)) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
