using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>Secrets that stay in an HSM.</summary>
public sealed class HsmOnlyTests(LoadedHsm loaded) : IDisposable
{
    private readonly KeysFolder folder = new();
    private readonly SoftHsm.Token token = loaded.Hsm.NewToken();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(88)]
    [InlineData(4096)]
    public void A_secret_is_used_in_the_token_and_shown_only_when_asked_for(int size)
    {
        var (secret, message) = (RandomNumberGenerator.GetBytes(size), "hub/devices/d\n1"u8.ToArray());
        using var vault = Open();
        var held = vault.Seal(secret, "row 1");

        Assert.Equal(HMACSHA256.HashData(secret, message), Mac(vault, held, message));
        var mac = new byte[32];
        Assert.True(vault.TryHmacSha256OfText(held, "row 1", message, mac));
        Assert.Equal(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Convert.ToBase64String(secret)), message), mac);
        Assert.Equal(secret, vault.Reveal(held, "row 1"));
    }

    [Fact]
    public void The_data_keys_alone_do_not_open_it()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        using var vault = Open();
        var held = vault.Seal(secret, "row 1").Blob.ToArray();

        // What is left when the data key has opened it: the version of secrets that the data keys alone seal.
        held[0] = 1;
        Assert.NotEqual(secret, vault.Reveal(new SealedSecret(held), "row 1"));
        Assert.NotEqual(HMACSHA256.HashData(secret, "m"u8), Mac(vault, new SealedSecret(held), "m"u8.ToArray()));
    }

    [Fact]
    public void It_opens_for_its_own_row_only_and_not_when_altered()
    {
        using var vault = Open();
        var held = vault.Seal(RandomNumberGenerator.GetBytes(32), "row 1");

        var mac = new byte[32];
        Assert.False(vault.TryHmacSha256(held, "row 2", "m"u8, mac));
        Assert.Throws<KeysException>(() => vault.Reveal(held, "row 2"));
        for (var i = 0; i < held.Blob.Length; i++)
        {
            var altered = held.Blob.ToArray();
            altered[i] ^= 0x40;
            Assert.False(vault.TryHmacSha256(new SealedSecret(altered), "row 1", "m"u8, mac), $"byte {i}");
        }
    }

    [Fact]
    public void It_is_so_for_good_and_survives_a_start_and_another_wrapping_key()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        SealedSecret held;
        using (var vault = Open())
        {
            held = vault.Seal(secret, "row 1");
            vault.Custody.Rewrap(vault.Custody.NextWrappingKey(), move: true, new AuditRecord { Hub = "h", Actor = "a", Action = "key.move", Subject = "s" });
            vault.Custody.MarkRecorded();
            vault.Custody.Rotate(new AuditRecord { Hub = "h", Actor = "a", Action = "key.rotate", Subject = "s" });
        }

        using var again = Open(isHsmOnly: false);
        Assert.True(again.Custody.IsHsmOnly);
        Assert.Equal(HMACSHA256.HashData(secret, "m"u8), Mac(again, held, "m"u8.ToArray()));
        Assert.Contains(again.Custody.Stores.All[0].List(), key => key is { Use: KeyUse.Secrets, Problem: null, Id: not null });
    }

    [Fact]
    public void A_server_that_sealed_without_an_HSM_cannot_become_one_that_does_not()
    {
        using (SecretVault.Open(folder.Directory, new KeyStores(folder.Directory, token.Address)))
        {
        }

        var error = Assert.Throws<KeysException>(() => Open());
        Assert.Equal(KeysFault.Refused, error.Fault);
        Assert.Contains("stay so", error.Message, StringComparison.Ordinal);
        using var still = SecretVault.Open(folder.Directory, new KeyStores(folder.Directory, token.Address));
        Assert.False(still.Custody.IsHsmOnly);
    }

    [Fact]
    public void Places_that_are_no_HSM_are_refused_beside_it()
    {
        var stores = new KeyStores(folder.Directory, token.Address, new KeyStoreAddress.Files());
        Assert.Contains("'file' is none", Assert.Throws<KeysException>(() => SecretVault.Open(folder.Directory, stores, isHsmOnly: true)).Message, StringComparison.Ordinal);
        using (Open())
        {
        }

        Assert.Contains("'file' is none", Assert.Throws<KeysException>(() => SecretVault.Open(folder.Directory, stores)).Message, StringComparison.Ordinal);
        Assert.Contains("'file' is none", Assert.Throws<KeysException>(() => SecretVault.Open(folder.Directory, new KeyStores(folder.Directory))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_is_away_is_told_and_works_again_when_it_is_back()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        using var vault = Open();
        var held = vault.Seal(secret, "row 1");
        Assert.Equal(HMACSHA256.HashData(secret, "m"u8), Mac(vault, held, "m"u8.ToArray()));

        token.PullOut();
        var mac = new byte[32];
        Unavailable(() => vault.TryHmacSha256(held, "row 1", "m"u8, mac));
        Unavailable(() => vault.Seal(secret, "row 1"));
        Unavailable(() => vault.Reveal(held, "row 1"));
        token.PutBack();

        Assert.Equal(HMACSHA256.HashData(secret, "m"u8), Mac(vault, held, "m"u8.ToArray()));
    }

    [Fact]
    public void A_key_that_was_replaced_opens_nothing()
    {
        using (var vault = Open())
        {
            vault.Seal(RandomNumberGenerator.GetBytes(32), "row 1");
        }

        token.Empty();
        Assert.Equal(KeysFault.Unavailable, Assert.Throws<KeysException>(() => Open()).Fault);
    }

    [Fact]
    public void A_derivation_key_is_used_in_the_token_and_nothing_that_comes_of_it_is_kept()
    {
        using var vault = Open();
        var clear = RandomNumberGenerator.GetBytes(32);
        var origin = new DerivationKey(vault.Seal(clear, "row 0"), "row 0");
        var blob = DerivedSecret.Draw(1, 1);
        byte[] context = [.. "gatehouse derived key 1\0row 1\0"u8, .. blob];
        var expected = HMACSHA256.HashData(clear, context);
        var derived = new SealedSecret(blob, origin);

        Assert.Equal(HMACSHA256.HashData(expected, "m"u8), Mac(vault, derived, "m"u8.ToArray()));
        Assert.Null(derived.Working);
        Assert.Equal(expected, vault.Reveal(derived, "row 1"));
        Assert.True(vault.Holds(derived, "row 1", expected));
        var mac = new byte[32];
        Assert.True(vault.TryHmacSha256OfText(derived, "row 1", "m"u8, mac));
        Assert.Equal(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Convert.ToBase64String(expected)), "m"u8), mac);

        token.PullOut();
        Unavailable(() => vault.TryHmacSha256(derived, "row 1", "m"u8, mac));
        Unavailable(() => vault.Reveal(derived, "row 1"));
        token.PutBack();

        Assert.Equal(HMACSHA256.HashData(expected, "m"u8), Mac(vault, derived, "m"u8.ToArray()));
    }

    [Fact]
    public async Task Threads_use_secrets_side_by_side()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        using var vault = Open();
        var held = vault.Seal(secret, "row 1");
        await Parallel.ForAsync(0, 200, TestContext.Current.CancellationToken, (i, _) =>
        {
            var message = Encoding.ASCII.GetBytes($"m{i}");
            Assert.Equal(HMACSHA256.HashData(secret, message), Mac(vault, held, message));
            return ValueTask.CompletedTask;
        });
    }

    private SecretVault Open(bool isHsmOnly = true) => SecretVault.Open(folder.Directory, new KeyStores(folder.Directory, token.Address), isHsmOnly);

    private static byte[] Mac(SecretVault vault, SealedSecret secret, byte[] message)
    {
        var mac = new byte[32];
        Assert.True(vault.TryHmacSha256(secret, "row 1", message, mac));
        return mac;
    }

    private static void Unavailable(Action use)
    {
        var error = Assert.Throws<KeysException>(use);
        Assert.Equal(KeysFault.Unavailable, error.Fault);
        Assert.DoesNotContain('\n', error.Message);
    }
}
