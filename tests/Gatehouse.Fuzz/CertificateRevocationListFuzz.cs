using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Identity.Tests.X509;
using Gatehouse.Identity.X509;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Revocation lists as an operator may hand them in, from whatever place he has them: an answer for every input, and none but the genuine ones taken for the CA's.</summary>
public sealed class CertificateRevocationListFuzz
{
    private const int MaxEntries = 1_000;

    private static readonly FuzzOptions Options = new()
    {
        AllocationBytes = 512 * 1024,
        AllocationBytesPerByte = 512,
        Words =
        [
            [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0x06, 0x03, 0x55, 0x1D, 0x14], [0x06, 0x03, 0x55, 0x1D, 0x1B], [0x06, 0x03, 0x55, 0x1D, 0x1C], [0x06, 0x03, 0x55, 0x1D, 0x1D],
            [0x0A, 0x01, 0x08], [0x02, 0x01, 0x80], [0x01, 0x01, 0xFF], [0xA0, 0x02, 0x30, 0x00], [0x18, 0x0F, .. "99991231235959Z"u8], [.. "-----BEGIN X509 CRL-----"u8],
        ],
    };

    private readonly AuthorityCertificate authority;
    private readonly byte[][] genuine;

    public CertificateRevocationListFuzz()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Plant 7", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        authority = AuthorityCertificate.TryRead(certificate.RawData, out var read, out var fault) ? read : throw new InvalidOperationException(fault);
        var recipe = CrlRecipe.Of(certificate.SubjectName.RawData, key) with { Entries = [new(5, 1), new(77) { Extensions = [("2.5.29.24", false, [5, 0])] }, new(900, 6)] };
        genuine =
        [
            recipe.Build(),
            (recipe with { Number = 2, BaseNumber = 1, Entries = [new(5, 8)] }).Build(),
            (recipe with { Extensions = [("2.5.29.28", true, [0x30, 0x09, 0xA0, 0x07, 0xA0, 0x05, 0x86, 0x03, .. "a:b"u8])] }).Build(),
        ];
    }

    [Fact]
    public void No_list_but_the_genuine_is_the_CAs()
    {
        var taken = genuine.Select(der => CertificateRevocationList.TryRead(der, MaxEntries, out var list, out var fault) ? Facts(list) : throw new InvalidOperationException(fault)).ToHashSet();
        FuzzRun.Run(
            [.. genuine, System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", genuine[0]))],
            input =>
            {
                if (!CertificateRevocationList.TryRead(input.ToArray(), MaxEntries, out var list, out var fault))
                {
                    Assert.NotEmpty(fault);
                    return;
                }

                Assert.True(list.Serials.Count <= MaxEntries && list.Number >= 0, "a list without bounds is taken");
                Assert.True(RevokedSerials.TryRead(list.Serials.ToBytes(), out var stored) && stored.Count == list.Serials.Count, "a list is not stored as it is");
                Assert.True(list.SignatureFault(authority) is not null || taken.Contains(Facts(list)), "a forged list is taken");
            },
            Options);
    }

    private static string Facts(CertificateRevocationList list) => $"{list.Number} {list.BaseNumber} {list.ThisUpdate:O} {list.NextUpdate:O} {list.MayBePart} {string.Join(' ', list.Serials.All)}";
}
