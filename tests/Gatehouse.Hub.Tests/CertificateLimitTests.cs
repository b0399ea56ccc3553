using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Tests.Certificates;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>CA certificates: as many as the limit, anchors only when verified, gone from authentication when deleted.</summary>
public sealed class CertificateLimitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Certificates_up_to_the_limit_and_not_one_more()
    {
        await using var hub = await HubHost.StartAsync(new HubOptions { Certificates = new CertificateOptions { MaxPerHub = 2 } });
        using var authority = new TestAuthority();
        var certificates = hub.Get<CaCertificates>();

        async Task<string?> Put(string name, IfMatch ifMatch) => (await certificates.PutAsync(hub.Hub, name, new CertificateUpload(authority.Pem, false), ifMatch, HubHost.Actor, Token)).Error?.Name;

        Assert.Null(await Put("first", IfMatch.Absent));
        Assert.Null(await Put("second", IfMatch.Absent));
        Assert.Equal("GenericConflict", await Put("third", IfMatch.Absent));
        Assert.Null(await Put("SECOND", IfMatch.Any));
        Assert.Equal("PreconditionFailed", await Put("second", IfMatch.Absent));
    }

    [Fact]
    public async Task Only_a_verified_certificate_is_an_anchor_and_a_deleted_one_is_none()
    {
        await using var hub = await HubHost.StartAsync();
        using var authority = new TestAuthority();
        var certificates = hub.Get<CaCertificates>();
        var anchors = hub.Get<Credentials.CredentialSource>();
        await certificates.PutAsync(hub.Hub, "ca", new CertificateUpload(authority.Pem, false), IfMatch.Absent, HubHost.Actor, Token);
        Assert.Empty((await anchors.FindTrustAnchorsAsync(hub.Hub, Token)).Certificates);

        var code = (await certificates.GenerateVerificationCodeAsync(hub.Hub, "ca", IfMatch.Any, HubHost.Actor, Token)).Value.VerificationCode;
        var proof = Convert.ToBase64String(authority.Issue($"CN={code}"));
        Assert.True((await certificates.VerifyAsync(hub.Hub, "ca", proof, IfMatch.Any, HubHost.Actor, Token)).IsOk);
        Assert.Equal(authority.Certificate.Thumbprint, Assert.Single((await anchors.FindTrustAnchorsAsync(hub.Hub, Token)).Certificates).Thumbprint);
        Assert.Equal("ArgumentInvalid", (await certificates.VerifyAsync(hub.Hub, "ca", proof, IfMatch.Any, HubHost.Actor, Token)).Error?.Name); // a code works once

        await certificates.DeleteAsync(hub.Hub, "ca", IfMatch.Any, HubHost.Actor, Token);
        Assert.Empty((await anchors.FindTrustAnchorsAsync(hub.Hub, Token)).Certificates);
        Assert.Equal(["certificate.create ca", "certificate.code ca", "certificate.verify ca", "certificate.delete ca"], await hub.AuditedAsync());
    }
}
