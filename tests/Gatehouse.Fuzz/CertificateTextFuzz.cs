using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Hub.Certificates;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>CA certificates and proofs as operators upload them: text of several forms, and the DER inside.</summary>
public sealed class CertificateTextFuzz
{
    private const int MaxBytes = 16 * 1024;
    private const string Code = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF";

    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly byte[] authority;
    private readonly byte[] proof;

    public CertificateTextFuzz()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Uploaded CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var made = request.CreateSelfSigned(Now.AddDays(-10), Now.AddDays(10));
        authority = made.RawData;
        using var proofKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        proof = new CertificateRequest($"CN={Code}", proofKey, HashAlgorithmName.SHA256)
            .Create(made.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now.AddDays(-1), Now.AddDays(1), [1]).RawData;
    }

    [Fact]
    public void Any_text_is_one_certificate_or_a_fault()
    {
        var pem = PemEncoding.WriteString("CERTIFICATE", authority);
        FuzzRun.Run(
            [.. new[] { pem, Convert.ToBase64String(authority), Convert.ToBase64String(Encoding.ASCII.GetBytes(pem)), "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----" }.Select(Encoding.UTF8.GetBytes), authority],
            static input =>
            {
                var ofText = CertificateText.Read(Encoding.UTF8.GetString(input), MaxBytes);
                var ofBytes = CertificateText.Read(input, MaxBytes);
                Assert.True(ofText.IsOk ? ofText.Value.Length is > 0 and <= MaxBytes : ofText.Error.Message.Length > 0);
                Assert.True(ofBytes.IsOk ? ofBytes.Value.Length is > 0 and <= MaxBytes : ofBytes.Error.Message.Length > 0);
            },
            new FuzzOptions { Words = [.. new[] { "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN", "PRIVATE KEY", "\r\n", "====" }.Select(Encoding.ASCII.GetBytes)] });
    }

    [Fact]
    public void No_changed_proof_is_taken() => FuzzRun.Run(
        [proof, authority],
        input =>
        {
            var der = input.ToArray();
            _ = CertificateAuthorityRules.Check(der, Now);
            Assert.True(ProofOfPossession.Check(der, authority, Code, Now) is not null || der.AsSpan(0, proof.Length - 80).SequenceEqual(proof.AsSpan(0, proof.Length - 80)), "a forged proof is taken");
        },
        new FuzzOptions { AllocationBytes = 512 * 1024, AllocationBytesPerByte = 512 });
}
