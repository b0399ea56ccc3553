using System.Buffers.Binary;
using System.Security.Cryptography;
using Gatehouse.Identity.Tpm;
using Xunit;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>Attestation keys, credentials and quotes as a software TPM makes and takes them.</summary>
public sealed class TpmQuoteTests(SoftwareTpm tpm) : IClassFixture<SoftwareTpm>
{
    private static readonly byte[] Nonce = SHA256.HashData("nonce"u8);

    [Theory]
    [InlineData("rsa", "rsa", "rsassa")]
    [InlineData("ecc", "rsa", "rsapss")]
    [InlineData("rsa", "ecc", "ecdsa")]
    public void A_key_of_the_TPM_opens_its_credential_and_signs_what_the_registers_hold(string endorsement, string algorithm, string scheme)
    {
        var device = new TpmDevice(tpm).WithKeys(endorsement).WithAttestationKey(algorithm, scheme);
        Assert.True(TpmAttestationKey.TryParse(device.AttestationKey, out var key, out var fault), fault);
        Assert.True(TpmPublicArea.TryParse(device.EndorsementKey, out var area, out fault), fault);
        var secret = RandomNumberGenerator.GetBytes(SealedCredential.MaxBytes);
        var credential = SealedCredential.Make(area, key.Name.Span, secret);

        Assert.Equal(secret, device.Open(credential.Blob.ToArray(), credential.Seed.ToArray()));

        var (quoted, signature, values) = device.Quote(Nonce, "sha256", 0, 7, 16);
        Assert.True(TpmQuote.TryParse(quoted, out var quote, out fault), fault);
        Assert.True(key.Verifies(quoted, signature, out fault), fault);
        Assert.Equal((0x000B, (1u << 0) | (1u << 7) | (1u << 16)), (quote.Bank, quote.Selection));
        Assert.Equal(Nonce, quote.ExtraData.ToArray());
        Assert.Equal(SHA256.HashData([.. values.OrderBy(each => each.Key).SelectMany(each => Convert.FromHexString(each.Value))]), quote.Digest.ToArray());
    }

    [Fact]
    public void A_credential_for_another_name_or_another_TPM_stays_shut()
    {
        var device = new TpmDevice(tpm).WithKeys().WithAttestationKey();
        var area = AreaOf(device);
        var key = KeyOf(device);
        var wrongName = key.Name.ToArray();
        wrongName[^1] ^= 1;
        var stranger = SealedCredential.Make(area, wrongName, [1, 2, 3]);
        using var otherTpm = new SoftwareTpm();
        var elsewhere = SealedCredential.Make(AreaOf(new TpmDevice(otherTpm).WithKeys()), key.Name.Span, [1, 2, 3]);

        Assert.Null(device.Open(stranger.Blob.ToArray(), stranger.Seed.ToArray()));
        Assert.Null(device.Open(elsewhere.Blob.ToArray(), elsewhere.Seed.ToArray()));
    }

    [Fact]
    public void Every_bit_of_a_quote_and_of_its_signature_counts()
    {
        var device = new TpmDevice(tpm).WithKeys().WithAttestationKey();
        var key = KeyOf(device);
        var (quoted, signature, _) = device.Quote(Nonce, "sha256", 0, 4);

        for (var bit = 0; bit < quoted.Length * 8; bit++)
        {
            Assert.False(key.Verifies(Flip(quoted, bit), signature, out _), $"quoted, bit {bit}");
        }

        for (var bit = 0; bit < signature.Length * 8; bit++)
        {
            Assert.False(key.Verifies(quoted, Flip(signature, bit), out _), $"signature, bit {bit}");
        }

        for (var length = 0; length < quoted.Length; length++)
        {
            Assert.False(TpmQuote.TryParse(quoted.AsSpan(0, length), out _, out var fault));
            Assert.NotEmpty(fault);
        }

        for (var length = 0; length < signature.Length; length++)
        {
            Assert.False(key.Verifies(quoted, signature.AsSpan(0, length), out var fault));
            Assert.NotEmpty(fault);
        }

        Assert.False(TpmQuote.TryParse([.. quoted, 0], out _, out _));
        Assert.False(key.Verifies(quoted, [.. signature, 0], out _));
    }

    [Fact]
    public void What_a_TPM_signs_that_is_no_quote_is_none()
    {
        new TpmDevice(tpm).WithKeys().WithAttestationKey();
        tpm.Run("tpm2_certify", "-c", "ak.ctx", "-C", "ak.ctx", "-g", "sha256", "-o", "certified", "-s", "signature");

        Assert.False(TpmQuote.TryParse(tpm.Read("certified"), out _, out var fault));
        Assert.Contains("no quote", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign", "ecc256:ecdsa-sha256")] // not restricted
    [InlineData("sensitivedataorigin|userwithauth|restricted|sign", "ecc256:ecdsa-sha256:null")] // may be duplicated
    [InlineData("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign", "ecc384:ecdsa-sha256:null")]
    [InlineData("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign", "ecc256:ecdsa-sha384:null")]
    [InlineData("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign", "rsa3072:rsassa-sha256:null")]
    [InlineData("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt", "rsa2048:aes128cfb")]
    public void A_key_that_could_sign_what_its_TPM_never_said_is_refused(string attributes, string algorithm)
    {
        tpm.Run("tpm2_createprimary", "-C", "o", "-G", algorithm, "-g", "sha256", "-c", "other.ctx", "-a", attributes);
        tpm.Run("tpm2_readpublic", "-c", "other.ctx", "-o", "other.pub", "-f", "tss");

        Assert.False(TpmAttestationKey.TryParse(tpm.Read("other.pub"), out _, out var fault));
        Assert.NotEmpty(fault);
    }

    [Fact]
    public void A_key_that_is_cut_off_longer_or_not_on_its_curve_is_refused()
    {
        var area = new TpmDevice(tpm).WithKeys().WithAttestationKey().AttestationKey;
        for (var length = 0; length < area.Length; length++)
        {
            Assert.False(TpmAttestationKey.TryParse(area.AsSpan(0, length), out _, out _));
            var sized = area[..length];
            if (length >= 2)
            {
                BinaryPrimitives.WriteUInt16BigEndian(sized, (ushort)(length - 2));
                Assert.False(TpmAttestationKey.TryParse(sized, out _, out _));
            }
        }

        Assert.False(TpmAttestationKey.TryParse([.. area, 0], out _, out _));
        var moved = area.ToArray();
        moved[^1] ^= 1;
        Assert.False(TpmAttestationKey.TryParse(moved, out _, out var fault));
        Assert.Contains("not on its curve", fault, StringComparison.Ordinal);
        Assert.False(TpmAttestationKey.TryParse(new byte[TpmAttestationKey.MaxBytes + 1], out _, out _));
        Assert.False(TpmQuote.TryParse(new byte[TpmQuote.MaxBytes + 1], out _, out _));
    }

    [Fact]
    public void A_credential_has_at_least_one_byte_and_no_more_than_32()
    {
        var area = AreaOf(new TpmDevice(tpm).WithKeys());

        Assert.Throws<ArgumentException>(() => SealedCredential.Make(area, [0, 0x0B], []));
        Assert.Throws<ArgumentException>(() => SealedCredential.Make(area, [0, 0x0B], new byte[SealedCredential.MaxBytes + 1]));
    }

    private static TpmPublicArea AreaOf(TpmDevice device)
    {
        Assert.True(TpmPublicArea.TryParse(device.EndorsementKey, out var area, out var fault), fault);
        return area;
    }

    private static TpmAttestationKey KeyOf(TpmDevice device)
    {
        Assert.True(TpmAttestationKey.TryParse(device.AttestationKey, out var key, out var fault), fault);
        return key;
    }

    private static byte[] Flip(byte[] bytes, int bit)
    {
        var flipped = bytes.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }
}
