using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>Sessions end when what they were let in by is revoked, those that stand on something else go on, and the peer learns no more than for any refused certificate.</summary>
public sealed class RevocationTests : IAsyncLifetime
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<PeerCertificate> made = [];
    private X509Certificate2 authority = null!;
    private GatewayHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        var request = new CertificateRequest("CN=Plant", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority = request.CreateSelfSigned(host.Time.GetUtcNow().AddDays(-1), host.Time.GetUtcNow().AddDays(30));
        Assert.True((await host.Get<CaCertificates>().PutAsync(host.Hub, "plant", new CertificateUpload(Convert.ToBase64String(authority.RawData), IsVerified: true), IfMatch.Absent, "test", Token)).IsOk);
        foreach (var device in new[] { "d1", "d2" })
        {
            await RegisterAsync(device, new AuthenticationInput { Type = "certificateAuthority" });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        made.ForEach(each => each.Dispose());
        authority.Dispose();
        key.Dispose();
    }

    [Fact]
    public async Task The_session_of_a_revoked_certificate_ends_and_another_device_of_the_same_CA_goes_on()
    {
        var (lost, kept) = (Leaf("d1"), Leaf("d2"));
        var (first, second) = (await ConnectAsync("d1", lost), await ConnectAsync("d2", kept));

        var effect = await RevokeAsync(new() { Kind = "certificate", Certificate = Text(lost), Reason = "keyCompromise", Note = "laptop lost" });

        Assert.Equal(["d1"], effect.Live);
        await first.ExpectAbortAsync("its right to be connected has ended");
        var refusal = host.Refusals.Single();
        Assert.Equal((RefusalReason.CertificateRevoked, "d1"), (refusal.Reason, refusal.Claimed));
        Assert.Contains("keyCompromise, \"laptop lost\"", refusal.Detail, StringComparison.Ordinal);
        await GoesOnAsync(second);
        await RefusedAsync("d1", lost, RefusalReason.CertificateRevoked);
        Assert.Equal(host.Refusals[^1].Error, await ErrorOfStrangerAsync());
    }

    [Theory]
    [InlineData("key")]
    [InlineData("serial")]
    public async Task A_key_and_a_serial_number_end_a_session_too(string way)
    {
        var (lost, kept) = (Leaf("d1"), Leaf("d2"));
        var (first, second) = (await ConnectAsync("d1", lost), await ConnectAsync("d2", kept));

        await RevokeAsync(way == "key"
            ? new() { Kind = "key", Certificate = Text(lost) }
            : new() { Kind = "certificate", IssuerCertificate = Convert.ToBase64String(authority.RawData), SerialNumber = lost.Leaf.SerialNumber });

        await first.ExpectAbortAsync("its right to be connected has ended");
        await GoesOnAsync(second);
    }

    [Fact]
    public async Task An_issuer_ends_all_sessions_below_it_and_lets_those_in_again_when_it_is_taken_back()
    {
        var (first, second) = (Leaf("d1"), Leaf("d2"));
        var other = SelfSigned("d3");
        await RegisterAsync("d3", new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = other.Leaf.GetCertHashString(HashAlgorithmName.SHA256) });
        var (one, two, three) = (await ConnectAsync("d1", first), await ConnectAsync("d2", second), await ConnectAsync("d3", other));

        var effect = await RevokeAsync(new() { Kind = "issuer", CaName = "plant", Reason = "certificateHold" });

        Assert.Equal(["d1", "d2"], effect.Live);
        await one.ExpectAbortAsync("its right to be connected has ended");
        await two.ExpectAbortAsync("its right to be connected has ended");
        await GoesOnAsync(three);
        await RefusedAsync("d1", first, RefusalReason.CertificateRevoked);

        Assert.True((await host.Get<RevocationList>().UndoAsync(host.Hub, effect.Entry.Mark.ToString(), false, "test", Token)).IsOk);
        await GoesOnAsync(await ConnectAsync("d1", first));
    }

    [Fact]
    public async Task A_device_that_is_registered_by_thumbprint_is_found_by_the_CA_that_signed_its_certificate()
    {
        var certificate = Leaf("d4");
        await RegisterAsync("d4", new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = certificate.Leaf.GetCertHashString(HashAlgorithmName.SHA256) });
        var device = await ConnectAsync("d4", certificate);

        Assert.Equal(["d4"], (await RevokeAsync(new() { Kind = "issuer", CaName = "plant" })).Live);

        await device.ExpectAbortAsync("its right to be connected has ended");
        await RefusedAsync("d4", certificate, RefusalReason.CertificateRevoked);
    }

    [Fact]
    public async Task A_device_that_connects_while_its_certificate_is_being_revoked_does_not_stay()
    {
        // However the two meet: the session is refused, or is ended.
        for (var i = 0; i < 20; i++)
        {
            var certificate = Leaf("d1");
            var driver = host.Open(certificate: certificate);
            var revoking = Task.Run(() => RevokeAsync(new() { Kind = "certificate", Certificate = Text(certificate) }), Token);
            await driver.SendAsync(DeviceDriver.Connect("d1", []));
            await revoking;

            await driver.Ended;
        }
    }

    private async Task<RevocationEffect> RevokeAsync(RevocationRequest request)
    {
        var done = await host.Get<RevocationList>().RevokeAsync(host.Hub, request, "policy:iothubowner", Token);
        Assert.True(done.IsOk, done.Error?.Message);
        return done.Value;
    }

    private async Task RegisterAsync(string device, AuthenticationInput authentication) => Assert.True(
        (await host.Get<IdentityRegistry>().PutAsync(host.Hub, "test", new IdentityInput { Key = new IdentityKey(DeviceId.Parse(device)), Authentication = authentication }, IfMatch.Absent, Token)).IsOk);

    private async Task<DeviceDriver> ConnectAsync(string device, PeerCertificate certificate)
    {
        var driver = host.Open(certificate: certificate);
        await driver.SendAsync(DeviceDriver.Connect(device, []));
        await driver.ExpectAsync(0x20, 2, 0, 0);
        return driver;
    }

    private async Task RefusedAsync(string device, PeerCertificate certificate, RefusalReason reason)
    {
        var driver = host.Open(certificate: certificate);
        await driver.SendAsync(DeviceDriver.Connect(device, []));
        await driver.ExpectAsync(0x20, 2, 0, 5);
        await driver.Ended;
        Assert.Equal(reason, host.Refusals[^1].Reason);
    }

    /// <summary>What a device is told whose certificate leads nowhere.</summary>
    private async Task<Contracts.Errors.HubError> ErrorOfStrangerAsync()
    {
        await RefusedAsync("d2", SelfSigned("d2"), RefusalReason.CertificateNotTrusted);
        return host.Refusals[^1].Error;
    }

    private static async Task GoesOnAsync(DeviceDriver device)
    {
        await device.SendAsync([0xc0, 0]);
        await device.ExpectAsync(0xd0, 0);
    }

    private static string Text(PeerCertificate certificate) => Convert.ToBase64String(certificate.Leaf.RawData);

    private PeerCertificate Leaf(string name)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        return Keep(request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8)));
    }

    private PeerCertificate SelfSigned(string name)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        return Keep(request.CreateSelfSigned(authority.NotBefore, authority.NotAfter));
    }

    private PeerCertificate Keep(X509Certificate2 leaf)
    {
        var certificate = new PeerCertificate(leaf, []);
        made.Add(certificate);
        return certificate;
    }
}
