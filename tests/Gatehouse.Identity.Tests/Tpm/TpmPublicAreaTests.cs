using System.Buffers.Binary;
using System.Security.Cryptography;
using Gatehouse.Identity.Tpm;
using Xunit;

namespace Gatehouse.Identity.Tests.Tpm;

public sealed class TpmPublicAreaTests
{
    private const int AttributesAt = 6;
    private const int PolicyAt = 10;
    private const int ExponentAt = 54;
    private const int ModulusAt = 60;

    private static readonly byte[] Sample = EndorsementKey();

    [Fact]
    public void A_standard_endorsement_key_is_read_and_named()
    {
        Assert.True(TpmPublicArea.TryParse(Sample, out var area, out var fault), fault);
        Assert.Equal(316, area.Bytes.Length);
        Assert.Equal([0, 0x0B, .. SHA256.HashData(Sample.AsSpan(2))], area.Name.ToArray());
    }

    [Theory]
    [InlineData(2, 0x0008, "neither an RSA nor an elliptic key")]
    [InlineData(4, 0x0004, "name algorithm")]
    [InlineData(AttributesAt, 0x0001, "bound to its TPM")] // restricted, but not fixedTPM
    [InlineData(AttributesAt, 0x0007, "bound to its TPM")] // signs
    [InlineData(44, 0x0013, "AES in CFB mode")]
    [InlineData(46, 0x0081, "AES in CFB mode")]
    [InlineData(48, 0x0042, "AES in CFB mode")]
    [InlineData(50, 0x0014, "no scheme")]
    [InlineData(52, 0x0400, "RSA modulus")]
    [InlineData(ExponentAt + 2, 0x0002, "RSA exponent")]
    [InlineData(ExponentAt + 2, 0x0001, "RSA exponent")]
    public void A_key_of_another_kind_is_refused_with_words(int at, int value, string words)
    {
        var changed = Sample.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(at), (ushort)value);
        if (at == AttributesAt)
        {
            BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(at + 2), value == 1 ? (ushort)0x00B0 : (ushort)0x00B2);
        }

        Assert.False(TpmPublicArea.TryParse(changed, out _, out var fault));
        Assert.Contains(words, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_modulus_that_is_even_or_short_is_refused()
    {
        var even = Sample.ToArray();
        even[^1] &= 0xFE;
        Assert.False(TpmPublicArea.TryParse(even, out _, out _));
        var small = Sample.ToArray();
        small[ModulusAt] = 0x7F;
        Assert.False(TpmPublicArea.TryParse(small, out _, out _));
    }

    [Fact]
    public void Whatever_is_cut_off_or_added_is_refused()
    {
        for (var length = 0; length < Sample.Length; length++)
        {
            Assert.False(TpmPublicArea.TryParse(Sample.AsSpan(0, length), out _, out _));
            var resized = Sample[..length];
            if (length >= 2)
            {
                BinaryPrimitives.WriteUInt16BigEndian(resized, (ushort)(length - 2));
                Assert.False(TpmPublicArea.TryParse(resized, out _, out _));
            }
        }

        Assert.False(TpmPublicArea.TryParse([.. Sample, 0], out _, out _));
        byte[] longer = [.. Sample, 0];
        BinaryPrimitives.WriteUInt16BigEndian(longer, (ushort)(longer.Length - 2));
        Assert.False(TpmPublicArea.TryParse(longer, out _, out _));
        Assert.False(TpmPublicArea.TryParse(new byte[TpmPublicArea.MaxBytes + 1], out _, out var fault));
        Assert.Contains("1024 bytes", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_claims_more_than_there_is_is_refused()
    {
        var changed = Sample.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(PolicyAt), ushort.MaxValue);
        Assert.False(TpmPublicArea.TryParse(changed, out _, out _));
    }

    [Fact]
    public void A_point_must_lie_on_its_curve()
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        Assert.True(TpmPublicArea.TryParse(EllipticKey(point.X!, point.Y!), out _, out var fault), fault);
        point.Y![^1] ^= 1;
        Assert.False(TpmPublicArea.TryParse(EllipticKey(point.X!, point.Y), out _, out fault));
        Assert.Contains("on its curve", fault, StringComparison.Ordinal);
        Assert.False(TpmPublicArea.TryParse(EllipticKey(new byte[33], point.Y), out _, out _));
        Assert.False(TpmPublicArea.TryParse(EllipticKey([], []), out _, out _));
    }

    internal static byte[] EndorsementKey()
    {
        using var rsa = RSA.Create(2048);
        var policy = Convert.FromHexString("837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA");
        var area = new TpmWriter().UInt16(1).UInt16(0x0B).UInt32(0x000300B2).Sized(policy).UInt16(6).UInt16(128).UInt16(0x43).UInt16(0x10).UInt16(2048).UInt32(0).Sized(rsa.ExportParameters(false).Modulus);
        return new TpmWriter().Sized(area.Bytes).Bytes.ToArray();
    }

    internal static byte[] EllipticKey(byte[] x, byte[] y)
    {
        var area = new TpmWriter().UInt16(0x23).UInt16(0x0B).UInt32(0x00030472).Sized([]).UInt16(6).UInt16(128).UInt16(0x43).UInt16(0x10).UInt16(3).UInt16(0x10).Sized(x).Sized(y);
        return new TpmWriter().Sized(area.Bytes).Bytes.ToArray();
    }
}
