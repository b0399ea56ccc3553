using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.Tests.Tpm;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A server that lets in TPMs of known makers only.</summary>
public sealed class MakerCertificateTests(SoftwareTpm tpm) : IClassFixture<SoftwareTpm>
{
    private readonly TpmDevice device = new WiredTpmDevice(tpm).WithKeys();

    [Fact]
    public async Task A_TPM_registers_with_the_certificate_of_its_maker_and_not_without()
    {
        using var maker = new TpmMaker(ProvisioningHost.Now);
        await using var host = await StartAsync(maker);
        await EnrollAsync(host, null);

        Assert.Equal((401, "Unauthorized"), ((await RegisterAsync(host, null)).Code, (await RegisterAsync(host, null)).Text("message")));
        Assert.All(host.Refusals, refusal => Assert.Equal(RefusalReason.EndorsementCertificateMissing, refusal.Reason));
        Assert.Contains("neither did the device show one", host.Refusals.First().Detail, StringComparison.Ordinal);
        Assert.Null(await host.DeviceAsync("dev-1"));

        // What follows the registration brings no certificate, and needs none.
        var (token, started) = await StartAsync(host, maker.Certify(device.EndorsementKey));
        Assert.Equal(202, started.Code);
        var polled = await host.SendAsync("GET", $"/{host.Instance.IdScope}/registrations/dev-1/operations/{started.Text("operationId")}?api-version=2021-06-01", token);
        Assert.Equal((200, "assigned"), (polled.Code, polled.Text("status")));
        Assert.NotNull(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_certificate_of_another_maker_key_or_time_is_refused_and_the_log_says_which()
    {
        using var maker = new TpmMaker(ProvisioningHost.Now);
        using var stranger = new TpmMaker(ProvisioningHost.Now, "Stranger");
        await using var host = await StartAsync(maker);
        await EnrollAsync(host, null);

        await RefusedAsync(host, stranger.Certify(device.EndorsementKey), "'CN=Stranger'");
        await RefusedAsync(host, maker.Certify(Convert.FromBase64String(SampleTpmKey.Endorsement())), "another key");
        await RefusedAsync(host, maker.Certify(device.EndorsementKey, wanted => wanted.End = ProvisioningHost.Now.AddHours(-1)), "valid from");
        await RefusedAsync(host, new byte[4097], "no base64 of at most 4096 bytes");
        await RefusedAsync(host, [1, 2, 3], "not a well-formed certificate");
        Assert.Null(await host.DeviceAsync("dev-1"));
    }

    [Fact]
    public async Task A_device_that_cannot_send_it_registers_by_the_certificate_in_its_enrollment()
    {
        using var maker = new TpmMaker(ProvisioningHost.Now);
        await using var host = await StartAsync(maker);
        var certificate = Convert.ToBase64String(maker.Certify(device.EndorsementKey));
        var enrolled = await EnrollAsync(host, certificate);
        Assert.Equal(certificate, enrolled.Text("attestation.tpm.endorsementCertificate"));
        Assert.Equal(certificate, (await host.AskAsync("POST", "/enrollments/dev-1/attestationmechanism")).Text("tpm.endorsementCertificate"));

        Assert.Equal(202, (await RegisterAsync(host, null)).Code);

        // A client that does not know it leaves it out and takes nothing away; another endorsement key does.
        Assert.Equal(certificate, (await EnrollAsync(host, null, "*")).Text("attestation.tpm.endorsementCertificate"));
        var changed = await host.AskAsync("PUT", "/enrollments/dev-1", Enrollment(SampleTpmKey.Endorsement(), null), "*");
        Assert.Equal((200, ""), (changed.Code, changed.Text("attestation.tpm.endorsementCertificate")));
    }

    [Fact]
    public async Task An_enrollment_takes_no_certificate_of_another_key()
    {
        using var maker = new TpmMaker(ProvisioningHost.Now);
        await using var host = await ProvisioningHost.StartAsync();

        var other = await EnrollAsync(host, Convert.ToBase64String(maker.Certify(Convert.FromBase64String(SampleTpmKey.Endorsement()))));
        Assert.Equal(400, other.Code);
        Assert.Contains("another key", other.Text("message"), StringComparison.Ordinal);
        Assert.Equal(400, (await EnrollAsync(host, "AAAA")).Code);

        // Without makers nobody looks at it.
        Assert.Equal(200, (await EnrollAsync(host, null)).Code);
        Assert.Equal(202, (await RegisterAsync(host, null)).Code);
    }

    private static Task<ProvisioningHost> StartAsync(TpmMaker maker) => ProvisioningHost.StartAsync(options: new ProvisioningOptions { TpmMakers = new TrustAnchors([maker.Root]) });

    private Task<ProvisioningHost.Answer> EnrollAsync(ProvisioningHost host, string? certificate, string? ifMatch = null) =>
        host.AskAsync("PUT", "/enrollments/dev-1", Enrollment(Convert.ToBase64String(device.EndorsementKey), certificate), ifMatch);

    private static string Enrollment(string endorsement, string? certificate)
    {
        var more = certificate is null ? "" : $",\"endorsementCertificate\":\"{certificate}\"";
        return $$$$"""{"attestation":{"type":"tpm","tpm":{"endorsementKey":"{{{{endorsement}}}}"{{{{more}}}} }}}""";
    }

    private async Task RefusedAsync(ProvisioningHost host, byte[] certificate, string words)
    {
        Assert.Equal(401, (await RegisterAsync(host, certificate)).Code);
        Assert.Equal(RefusalReason.EndorsementCertificateInvalid, host.Refusals.Last().Reason);
        Assert.Contains(words, host.Refusals.Last().Detail, StringComparison.Ordinal);
    }

    private async Task<ProvisioningHost.Answer> RegisterAsync(ProvisioningHost host, byte[]? certificate) => (await StartAsync(host, certificate)).Started;

    private async Task<(string Token, ProvisioningHost.Answer Started)> StartAsync(ProvisioningHost host, byte[]? certificate)
    {
        var shown = certificate is null ? "" : $",\"endorsementCertificate\":\"{Convert.ToBase64String(certificate)}\"";
        var body = $$$"""{"registrationId":"dev-1","tpm":{"endorsementKey":"{{{Convert.ToBase64String(device.EndorsementKey)}}}","storageRootKey":"{{{Convert.ToBase64String(device.StorageRootKey)}}}"{{{shown}}} }}""";
        var path = $"/{host.Instance.IdScope}/registrations/dev-1/register?api-version=2021-06-01";
        var challenge = await host.SendAsync("PUT", path, null, body);
        Assert.Null(device.Activate(Convert.FromBase64String(challenge.Text("authenticationKey"))));
        var resource = Uri.EscapeDataString($"{host.Instance.IdScope}/registrations/dev-1");
        var end = host.Time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        var signature = Convert.ToBase64String(device.Sign(Encoding.UTF8.GetBytes($"{resource}\n{end}")));
        var token = $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={end}&skn=registration";
        return (token, await host.SendAsync("PUT", path, token, body));
    }
}
