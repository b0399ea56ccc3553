using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Mqtt;
using Gatehouse.Identity.X509;
using Gatehouse.Provisioning.Issuance;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Requests for certificates (PKCS #10) that devices send: read or refused, and of what is taken nothing but the genuine key and name gets into a certificate.</summary>
public sealed class CertificateRequestFuzz
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<byte[]> genuine = [];
    private readonly List<byte[]> requests = [];

    public CertificateRequestFuzz()
    {
        using var small = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        Add(new CertificateRequest("CN=dev-1, O=Contoso", small, HashAlgorithmName.SHA256), small);
        Add(new CertificateRequest("CN=dev-1", large, HashAlgorithmName.SHA384), large);
        Add(new CertificateRequest("CN=dev-1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pss), rsa);
    }

    [Fact]
    public void A_changed_request_is_refused_and_a_certificate_holds_the_genuine_key_only()
    {
        using var authority = IssuingAuthority.Make("fleet", "service", Now);
        FuzzRun.Run(
            requests,
            input =>
            {
                if (!CertificateSigningRequest.TryRead(input.ToArray(), out var request, out var fault))
                {
                    Assert.NotEmpty(fault);
                    return;
                }

                var refused = request.NameFault("dev-1") ?? request.ProofFault();
                if (refused is not null)
                {
                    Assert.NotEmpty(refused);
                    return;
                }

                Assert.Contains(genuine, key => key.AsSpan().SequenceEqual(request.PublicKey.Span));
                using var issued = DeviceCertificate.Issue(authority, request, "dev-1", TimeSpan.FromDays(1), Now, []);
                Assert.Equal(("CN=dev-1", 6), (issued.Subject, issued.Extensions.Count));
                Assert.False(issued.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
            },
            new FuzzOptions
            {
                MaxInputBytes = CertificateSigningRequest.MaxBytes + 16,
                AllocationBytes = 512 * 1024,
                AllocationBytesPerByte = 512,
                Words =
                [
                    [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0x06, 0x03, 0x55, 0x04, 0x03], [0x06, 0x03, 0x55, 0x1D, 0x11], [0xA0, 0x00], [0x31, 0x00], [0x02, 0x01, 0x01], [0x01, 0x01, 0xFF],
                    [0x82, 0x05, .. "dev-2"u8], [0x0C, 0x05, .. "dev-2"u8], [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22], [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x0E],
                ],
            });
    }

    [Fact]
    public void An_order_for_a_certificate_over_MQTT_is_taken_or_refused()
    {
        var identity = new IdentityKey(DeviceId.Parse("dev-1"));
        var csr = Convert.ToBase64String(requests[0]);
        FuzzRun.Run(
            [.. new[] { $$"""{"id":"dev-1","csr":"{{csr}}","replace":"*"}""", $$"""{"id":"dev-1","csr":"{{csr}}"}""" }.Select(Encoding.UTF8.GetBytes)],
            input =>
            {
                var order = CertificateOrder.Read(new ReadOnlySequence<byte>(input.ToArray()), identity);
                Assert.True(order.IsOk ? order.Value.Request.Length is > 0 and <= CertificateSigningRequest.MaxBytes : order.Error.HttpStatus == 400);
            },
            new FuzzOptions { AllocationBytes = 128 * 1024, AllocationBytesPerByte = 512, Words = [.. new[] { "\"id\":", "\"csr\":", "\"replace\":", "\"dev-2\"", "null", "{}", "MII" }.Select(Encoding.UTF8.GetBytes)] });
    }

    private void Add(CertificateRequest request, AsymmetricAlgorithm key)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("dev-1");
        request.CertificateExtensions.Add(names.Build());
        requests.Add(request.CreateSigningRequest());
        genuine.Add(key.ExportSubjectPublicKeyInfo());
    }
}
