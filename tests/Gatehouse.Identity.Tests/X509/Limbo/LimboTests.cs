using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.X509;
using Xunit;

namespace Gatehouse.Identity.Tests.X509.Limbo;

/// <summary>The corpus through the hub's own validator. A difference that is not listed fails, and so does a listed one that is gone.</summary>
public sealed class LimboTests
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    // Cases without a time mean "now"; a fixed now keeps the test true for ever.
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Ids => [.. LimboCase.All.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_case_is_judged_as_expected_or_differs_for_a_listed_reason(string id)
    {
        var limbo = LimboCase.All[id];

        var finding = Judge(limbo);

        var agrees = finding.Fault is null == limbo.IsGood;
        var isListed = LimboDifferences.Reasons.ContainsKey(id);
        Assert.True(agrees || isListed, $"expected {limbo.Expected}, found {finding.Fault?.ToString() ?? "a path"}: {finding.Detail}");
        Assert.False(agrees && isListed, "the case is listed as different and is not: remove it from the list");
    }

    [Fact]
    public void The_corpus_is_whole_and_every_listed_case_is_of_it()
    {
        Assert.Equal(207, LimboCase.All.Count);
        Assert.All(LimboDifferences.Reasons, r => Assert.True(LimboCase.All.ContainsKey(r.Key) && r.Value.Length > 0, r.Key));
    }

    private static PathFinding Judge(LimboCase limbo)
    {
        var options = limbo.MaxIntermediates is { } most && most < 14 ? new PathOptions { MaxPathCertificates = most + 2 } : new PathOptions();
        var validator = new PathValidator(options, limbo.Kind == "CLIENT" ? CertificatePurpose.Client : CertificatePurpose.Signing(ServerAuth, "serverAuth"));
        return validator.Validate(limbo.Leaf, [.. limbo.Sent.Select(s => (ReadOnlyMemory<byte>)s)], Anchors(limbo), limbo.Time ?? Now);
    }

    // A hub holds its anchors as the platform loads them; one that cannot be loaded cannot be an anchor.
    private static TrustAnchors Anchors(LimboCase limbo)
    {
        var loaded = new List<X509Certificate2>();
        foreach (var raw in limbo.Trusted)
        {
            try
            {
                loaded.Add(X509CertificateLoader.LoadCertificate(raw));
            }
            catch (CryptographicException)
            {
                continue;
            }
        }

        return new TrustAnchors(loaded);
    }
}
