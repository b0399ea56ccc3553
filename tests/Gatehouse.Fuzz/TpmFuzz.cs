using System.Buffers.Binary;
using System.Security.Cryptography;
using Gatehouse.Identity.Tpm;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>TPM keys that a device claims to have: an answer for every input, and whatever is taken can be written to.</summary>
public sealed class TpmFuzz
{
    private static readonly FuzzOptions Options = new()
    {
        AllocationBytes = 64 * 1024,
        Words = [[0x00, 0x0C], [0x00, 0x23], [0x00, 0x03], [0x00, 0x00, 0x00, 0x03], [0x08, 0x00], [0x01, 0x00], [0x00, 0x06, 0x01, 0x00, 0x00, 0x43], [0xFF, 0xFF]],
    };

    private static readonly byte[] Rsa = Area([0, 1, 0, 0x0B, 0, 3, 0, 0xB2, 0, 0, 0, 6, 0, 128, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 1, 0, .. Modulus()]);
    private static readonly byte[] Elliptic = Area([0, 0x23, 0, 0x0B, 0, 3, 4, 0x72, 0, 0, 0, 6, 0, 128, 0, 0x43, 0, 0x10, 0, 3, 0, 0x10, .. Point()]);

    [Fact]
    public void Every_key_is_read_or_refused_and_can_be_written_to() => FuzzRun.Run(
        [Rsa, Elliptic],
        input =>
        {
            if (TpmPublicArea.TryParse(input, out var area, out var fault))
            {
                Assert.True(input.SequenceEqual(area.Bytes.Span), "a key is other than its bytes");
                Assert.NotEmpty(ActivationBlob.Make(area, area, new byte[32]));
            }
            else
            {
                Assert.NotEmpty(fault);
            }
        },
        Options);

    private static byte[] Area(byte[] content)
    {
        var area = new byte[content.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(area, (ushort)content.Length);
        content.CopyTo(area, 2);
        return area;
    }

    private static byte[] Modulus()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportParameters(includePrivateParameters: false).Modulus!;
    }

    private static byte[] Point()
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return [0, 32, .. point.X!, 0, 32, .. point.Y!];
    }
}
