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

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly byte[] Attesting = Area([0, 0x23, 0, 0x0B, 0, 5, 0, 0x72, 0, 0, 0, 0x10, 0, 0x18, 0, 0x0B, 0, 3, 0, 0x10, .. Point(Key.ExportParameters(includePrivateParameters: false).Q)]);
    private static readonly byte[] AttestingRsa = Area([0, 1, 0, 0x0B, 0, 5, 0, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0, 0x0B, 8, 0, 0, 0, 0, 0, 1, 0, .. Modulus()]);
    private static readonly byte[] Quoted =
    [
        0xFF, 0x54, 0x43, 0x47, 0x80, 0x18, 0, 4, 0, 0x0B, 1, 2, 0, 4, 9, 9, 9, 9, .. new byte[8], 0, 0, 0, 1, 0, 0, 0, 0, 1, .. new byte[8], 0, 0, 0, 1, 0, 0x0B, 3, 0x95, 0, 0, 0, 32, .. new byte[32],
    ];

    private static readonly byte[] Signature = Signed(Key.SignData(Quoted, HashAlgorithmName.SHA256));
    private static readonly TpmAttestationKey Signer = TpmAttestationKey.TryParse(Attesting, out var key, out _) ? key : throw new InvalidOperationException("the sample is no attestation key");

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

    [Fact]
    public void Attestation_keys_quotes_and_signatures_are_read_or_refused_and_what_is_changed_is_not_signed() => FuzzRun.Run(
        [Attesting, AttestingRsa, Quoted, Signature, [.. Quoted, .. Signature]],
        input =>
        {
            if (TpmAttestationKey.TryParse(input, out var key, out var fault))
            {
                Assert.Equal(34, key.Name.Length);
                Assert.False(key.Verifies(input, Signature, out fault));
            }

            Assert.NotEmpty(fault);
            if (!TpmQuote.TryParse(input, out var quote, out fault))
            {
                Assert.NotEmpty(fault);
            }
            else
            {
                Assert.Equal(0u, quote.Selection >> TpmQuote.Registers);
            }

            Assert.Equal(input.SequenceEqual(Quoted), Signer.Verifies(input, Signature, out _));
            Assert.True(!Signer.Verifies(Quoted, input, out fault) || fault.Length == 0);
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
        return Point(key.ExportParameters(includePrivateParameters: false).Q);
    }

    private static byte[] Point(ECPoint point) => [0, 32, .. point.X!, 0, 32, .. point.Y!];

    private static byte[] Signed(byte[] pair) => [0, 0x18, 0, 0x0B, 0, 32, .. pair[..32], 0, 32, .. pair[32..]];
}
