using System.Security.Cryptography;
using Gatehouse.Identity.Tpm;
using Xunit;
using static Gatehouse.Identity.Tests.Tpm.TpmDevice;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>The judge is a TPM: it activates, imports, loads and signs, or it does not.</summary>
public sealed class ActivationBlobTests(SoftwareTpm tpm) : IClassFixture<SoftwareTpm>
{
    private static readonly byte[] Message = "localhost%2Fregistrations%2Fdev1\n1790000000"u8.ToArray();

    private readonly TpmDevice device = new(tpm);

    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb", 32)]
    [InlineData("rsa", "rsa2048:aes128cfb", 1)]
    [InlineData("rsa", "rsa2048:aes128cfb", 64)]
    [InlineData("ecc", "ecc256:aes128cfb", 32)]
    [InlineData("ecc", "rsa2048:aes128cfb", 64)]
    [InlineData("rsa", "ecc256:aes128cfb", 32)]
    [InlineData("rsa", "ecc384:aes256cfb", 48)]
    [InlineData("ecc", "ecc521:aes256cfb", 32)]
    [InlineData("ecc", "rsa3072:aes128cfb", 32)]
    [InlineData("rsa3072", "rsa3072:aes256cfb", 32)]
    [InlineData("ecc384", "ecc384:aes256cfb", 32)]
    [InlineData("ecc521", "rsa2048:aes128cfb", 32)]
    public void A_TPM_takes_the_key_and_signs_with_it(string endorsement, string storage, int keyBytes)
    {
        var (ek, srk) = MakeKeys(endorsement, storage);
        var key = RandomNumberGenerator.GetBytes(keyBytes);
        Assert.Null(Activate(ActivationBlob.Make(ek, srk, key)));
        Assert.Equal(HMACSHA256.HashData(key, Message), Sign());
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("ecc")]
    public void Another_TPM_s_endorsement_key_opens_nothing(string endorsement)
    {
        var (_, srk) = MakeKeys(endorsement, "rsa2048:aes128cfb");
        using var other = new SoftwareTpm();
        var (foreign, _) = new ActivationBlobTests(other).MakeKeys(endorsement, "rsa2048:aes128cfb");
        Assert.Equal("activate", Activate(ActivationBlob.Make(foreign, srk, new byte[32])));
    }

    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb", "ecc256:aes128cfb")]
    [InlineData("ecc", "ecc256:aes128cfb", "rsa2048:aes128cfb")]
    public void A_swapped_storage_root_key_opens_nothing(string endorsement, string storage, string swapped)
    {
        var (ek, _) = MakeKeys(endorsement, storage);
        var blob = ActivationBlob.Make(ek, Parse(device.StorageRootKey), new byte[32]);
        MakeKeys(endorsement, swapped);
        Assert.Equal("activate", Activate(blob));
    }

    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb")]
    [InlineData("ecc", "ecc256:aes128cfb")]
    public void A_half_of_another_blob_does_not_fit(string endorsement, string storage)
    {
        var (ek, srk) = MakeKeys(endorsement, storage);
        var (first, second) = (Split(ActivationBlob.Make(ek, srk, new byte[32])), Split(ActivationBlob.Make(ek, srk, new byte[32])));
        Assert.Equal("import", Activate(Join([.. first[..2], .. second[2..]])));
        Assert.Equal("activate", Activate(Join([first[0], second[1], .. first[2..]])));
    }

    [Theory]
    [InlineData("rsa", "rsa2048:aes128cfb")]
    [InlineData("ecc", "ecc256:aes128cfb")]
    public void Every_part_is_sealed_against_change_and_may_not_be_cut(string endorsement, string storage)
    {
        var (ek, srk) = MakeKeys(endorsement, storage);
        var parts = Split(ActivationBlob.Make(ek, srk, new byte[32]));
        for (var part = 0; part < 5; part++)
        {
            var (bytes, step) = (parts[part], part < 2 ? "activate" : "import");
            foreach (var at in new[] { 0, RandomNumberGenerator.GetInt32(1, bytes.Length - 1), bytes.Length - 1 })
            {
                var flipped = bytes.ToArray();
                flipped[at] ^= (byte)(1 << RandomNumberGenerator.GetInt32(8));
                Assert.True(step == Activate(With(part, flipped)), $"part {part}, byte {at}: {bytes[at]:X2} became {flipped[at]:X2}");
            }

            Assert.Equal(step, Activate(With(part, bytes[..^1])));
            Assert.Equal(step, Activate(With(part, [])));
        }

        Assert.Null(Activate(Join(parts)));

        byte[] With(int part, byte[] bytes) => Join([.. parts[..part], bytes, .. parts[(part + 1)..]]);
    }

    [Fact]
    public void The_public_area_and_name_are_those_of_the_reference_vector()
    {
        var key = Enumerable.Range(0, 32).Select(number => (byte)number).ToArray();
        var (area, _) = ActivationBlob.PublicArea(new byte[32], key);
        Assert.Equal("0008000b0004044000000005000b0020bb2275c49f28ad52cae6d55e34a974a58c7a3ba26f976e8ecbbe7a536918dc73", Convert.ToHexStringLower(area));
    }

    [Fact]
    public void The_length_is_that_of_six_structures()
    {
        var (ek, srk) = MakeKeys("rsa", "rsa2048:aes128cfb");
        Assert.Equal([52, 256, 142, 256, 48, 0], Split(ActivationBlob.Make(ek, srk, new byte[32])).Select(part => part.Length));
        (ek, srk) = MakeKeys("ecc", "ecc256:aes128cfb");
        Assert.Equal([52, 68, 142, 68, 48, 0], Split(ActivationBlob.Make(ek, srk, new byte[32])).Select(part => part.Length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void A_key_that_no_TPM_takes_is_refused(int bytes)
    {
        var (ek, srk) = MakeKeys("ecc", "ecc256:aes128cfb");
        Assert.Throws<ArgumentException>(() => ActivationBlob.Make(ek, srk, new byte[bytes]));
    }

    private (TpmPublicArea Ek, TpmPublicArea Srk) MakeKeys(string endorsement, string storage)
    {
        device.WithKeys(endorsement, storage);
        return (Parse(device.EndorsementKey), Parse(device.StorageRootKey));
    }

    private static TpmPublicArea Parse(byte[] key)
    {
        Assert.True(TpmPublicArea.TryParse(key, out var area, out var fault), fault);
        return area;
    }

    private string? Activate(byte[] blob) => device.Activate(blob);

    private byte[] Sign() => device.Sign(Message);
}
