using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Provisioning.CertificateStatus;
using Gatehouse.Provisioning.Tests;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Questions about certificates (OCSP) that anybody may send: read within their bounds, or refused.</summary>
public sealed class OcspRequestFuzz
{
    private const string Serial = "40112233445566778899AABBCCDDEEFF";

    [Fact]
    public void What_is_read_keeps_to_its_bounds_and_is_what_was_sent()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = new CertificateRequest("CN=Plant 7", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var question = new OcspQuestion(authority, Serial);
        FuzzRun.Run(
            [
                question.Build(),
                (question with { Serials = [Serial, "01", "7F"], Hash = HashAlgorithmName.SHA256, Nonce = new byte[16] }).Build(),
                (question with { IsSigned = true, Version = 0, Extensions = [("1.3.6.1.5.5.7.48.1.4", true, [0x30, 0x0B, 0x06, 0x09, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01])] }).Build(),
                (question with { SingleExtensions = [("1.3.6.1.5.5.7.48.1.7", false, [0x30, 0x00])], Nonce = [1] }).Build(),
            ],
            input =>
            {
                if (!OcspRequest.TryRead(input.ToArray(), out var request))
                {
                    return;
                }

                Assert.InRange(request.Certificates.Count, 1, OcspRequest.MaxCertificates);
                Assert.True(request.Nonce is null or { Length: > 0 and <= OcspRequest.MaxNonceBytes }, "a nonce without bounds is taken");
                foreach (var certificate in request.Certificates)
                {
                    Assert.True(input.IndexOf(certificate.Encoded.Span) >= 0, "an answer would repeat what was not asked");
                    Assert.InRange(certificate.Serial.Length, 2, 42);
                    _ = certificate.IsOf(authority);
                }
            },
            new FuzzOptions
            {
                MaxInputBytes = OcspRequest.MaxBytes + 16,
                AllocationBytes = 128 * 1024,
                AllocationBytesPerByte = 256,
                Words =
                [
                    [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0xA0, 0x00], [0xA1, 0x00], [0xA2, 0x02, 0x30, 0x00], [0x04, 0x00], [0x05, 0x00], [0x01, 0x01, 0xFF], [0x02, 0x01, 0x80],
                    [0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A], [0x06, 0x09, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02], [0x04, 0x22, 0x04, 0x20],
                ],
            });
    }
}
