using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>Secrets that are stored nowhere.</summary>
public sealed class DerivedSecretTests : IDisposable
{
    private const string Binding = "hub/identities/d1//000000000000000001/keys";

    private readonly KeysFolder folder = new();
    private readonly SecretVault vault;
    private readonly byte[] clear = RandomNumberGenerator.GetBytes(32);
    private readonly DerivationKey origin;

    public DerivedSecretTests()
    {
        vault = folder.Open();
        origin = new DerivationKey(vault.Seal(clear, "hub/derivation/1/key"), "hub/derivation/1/key");
    }

    public void Dispose()
    {
        vault.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void It_is_the_hmac_of_label_binding_and_what_stands_in_its_place()
    {
        var blob = DerivedSecret.Draw(1, 2);
        var secret = new SealedSecret(blob, origin);
        byte[] context = [.. "gatehouse derived key 1\0"u8, .. Encoding.UTF8.GetBytes(Binding), 0, .. blob];
        var expected = HMACSHA256.HashData(clear, context);

        Assert.Equal([3, 0, 0, 0, 1], blob[..5]);
        Assert.Equal((22, 2, 1), (blob.Length, blob[^1], DerivedSecret.NumberOf(blob)));
        Assert.Equal(expected, vault.Reveal(secret, Binding));
        Assert.Equal(HMACSHA256.HashData(expected, "m"u8), Mac(secret, Binding));
        Assert.Equal(HMACSHA256.HashData(expected, "n"u8), Mac(secret, Binding, "n"));
        Assert.True(vault.Holds(secret, Binding, expected));
        Assert.False(vault.Holds(secret, Binding, clear));
        var mac = new byte[32];
        Assert.True(vault.TryHmacSha256OfText(secret, Binding, "m"u8, mac));
        Assert.Equal(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Convert.ToBase64String(expected)), "m"u8), mac);
    }

    [Fact]
    public void Owner_slot_salt_and_number_each_make_another_secret()
    {
        var blob = DerivedSecret.Draw(1, 1);
        var seen = new HashSet<string>();
        foreach (var binding in new[] { Binding, Binding.Replace("d1", "d2", StringComparison.Ordinal), Binding.Replace("d1//", "d1/m/", StringComparison.Ordinal), Binding.Replace("1/keys", "2/keys", StringComparison.Ordinal), "hub2" + Binding[3..] })
        {
            Assert.True(seen.Add(Reveal(blob, binding)));
        }

        for (var i = 1; i < blob.Length; i++)
        {
            byte[] other = [.. blob];
            other[i] ^= 1;
            Assert.True(seen.Add(Reveal(other, Binding)), $"byte {i}");
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.True(seen.Add(Reveal(DerivedSecret.Draw(1, 1), Binding)));
        }

        Assert.Equal(Reveal(blob, Binding), Reveal(blob, Binding));
    }

    [Fact]
    public void Without_its_derivation_key_or_with_one_that_does_not_open_there_is_none()
    {
        var blob = DerivedSecret.Draw(1, 1);
        var nested = new SealedSecret(DerivedSecret.Draw(1, 1), origin);
        foreach (var secret in new[]
        {
            new SealedSecret(blob),
            new SealedSecret(blob, origin with { Binding = "hub/derivation/2/key" }),
            new SealedSecret(blob, new DerivationKey(nested, Binding)),
            new SealedSecret([.. blob, 0], origin),
            new SealedSecret(blob[..^1], origin),
            new SealedSecret([4, .. blob[1..]], origin),
        })
        {
            Assert.False(vault.TryHmacSha256(secret, Binding, "m"u8, new byte[32]));
            Assert.False(vault.Holds(secret, Binding, clear));
            Assert.Throws<KeysException>(() => vault.Reveal(secret, Binding));
        }

        Assert.Equal(0, DerivedSecret.NumberOf(null));
        Assert.Equal(0, DerivedSecret.NumberOf(origin.Sealed.Blob.ToArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => DerivedSecret.Draw(0, 1));
    }

    [Fact]
    public void What_is_kept_in_memory_is_sealed_and_made_once()
    {
        var secret = new SealedSecret(DerivedSecret.Draw(1, 1), origin);
        Assert.Null(secret.Working);
        Mac(secret, Binding);

        var working = secret.Working!;
        Assert.Equal(-1, working.Blob.Span.IndexOf(vault.Reveal(secret, Binding)));
        Mac(secret, Binding, "n");
        Assert.Same(working, secret.Working);
        Assert.Equal(Convert.ToHexString(secret.Blob.Span[5..17]), secret.Mark);
    }

    [Fact]
    public void A_use_allocates_nothing_after_the_first()
    {
        var secret = new SealedSecret(DerivedSecret.Draw(1, 1), origin);
        var mac = new byte[32];
        for (var i = 0; i < 100; i++)
        {
            vault.TryHmacSha256(secret, Binding, "m"u8, mac);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            vault.TryHmacSha256(secret, Binding, "m"u8, mac);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_new_data_key_makes_what_the_former_sealed_old_and_takes_nothing_away()
    {
        var secret = new SealedSecret(DerivedSecret.Draw(1, 1), origin);
        var before = Mac(secret, Binding);
        Assert.True(vault.IsNewest(origin.Sealed));
        Assert.False(vault.IsNewest(secret));
        Assert.False(vault.IsNewest(new SealedSecret([])));

        vault.Custody.Rotate(new AuditRecord { Hub = "h", Actor = "a", Action = "key.rotate", Subject = "s" });

        Assert.False(vault.IsNewest(origin.Sealed));
        Assert.True(vault.IsNewest(vault.Seal(clear, "b")));
        Assert.Equal(before, Mac(secret, Binding));
        Assert.Equal(before, Mac(new SealedSecret(secret.Blob.ToArray(), origin), Binding));
    }

    [Fact]
    public void Nothing_of_it_is_in_a_text_form() => Assert.Equal(("***", "***"), (origin.ToString(), new SealedSecret(DerivedSecret.Draw(1, 1), origin).ToString()));

    private string Reveal(byte[] blob, string binding) => Convert.ToBase64String(vault.Reveal(new SealedSecret(blob, origin), binding));

    private byte[] Mac(SealedSecret secret, string binding, string message = "m")
    {
        var mac = new byte[32];
        Assert.True(vault.TryHmacSha256(secret, binding, Encoding.ASCII.GetBytes(message), mac));
        return mac;
    }
}
