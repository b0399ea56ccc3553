using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Gatehouse.Contracts.Credentials;
using Xunit;

namespace Gatehouse.Keys.Tests;

public sealed class SealingTests : IDisposable
{
    private const int Overhead = 33;

    private readonly KeysFolder folder = new();
    private readonly SecretVault vault;

    public SealingTests() => vault = folder.Open();

    public void Dispose()
    {
        vault.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void What_was_sealed_comes_back_under_its_binding_and_no_other() =>
        Gen.Byte.Array[0, 200].Select(Gen.String[0, 100], Gen.String[0, 100]).Where((_, a, b) => Text(a) != Text(b)).Sample((secret, binding, other) =>
        {
            var blob = vault.Seal(secret, binding);
            return vault.Reveal(blob, binding).AsSpan().SequenceEqual(secret) && !Opens(blob, other) && blob.Blob.Length == secret.Length + Overhead;
        });

    [Fact]
    public void Every_changed_byte_of_a_sealed_secret_is_noticed()
    {
        var blob = vault.Seal("a device's key"u8, "hub/devices/d1/primary").Blob.ToArray();
        for (var i = 0; i < blob.Length; i++)
        {
            byte[] changed = [.. blob];
            changed[i] ^= 1;
            Assert.False(Opens(new SealedSecret(changed), "hub/devices/d1/primary"), $"byte {i}");
        }
    }

    [Fact]
    public void Every_cut_of_a_sealed_secret_and_bytes_after_it_are_noticed()
    {
        var blob = vault.Seal("a device's key"u8, "b").Blob.ToArray();
        for (var length = 0; length < blob.Length; length++)
        {
            Assert.False(Opens(new SealedSecret(blob[..length]), "b"), $"{length} bytes");
        }

        Assert.False(Opens(new SealedSecret([.. blob, 0]), "b"));
        Assert.False(Opens(new SealedSecret(new byte[10_000]), "b"));
    }

    [Fact]
    public void The_same_secret_never_looks_the_same()
    {
        var blobs = Enumerable.Range(0, 100).Select(_ => Convert.ToHexString(vault.Seal("the same"u8, "b").Blob.Span)).ToHashSet();

        Assert.Equal(100, blobs.Count);
    }

    [Fact]
    public void A_mac_is_that_of_the_secret_and_only_under_its_binding()
    {
        var (key, message) = (RandomNumberGenerator.GetBytes(32), "sr\nse"u8.ToArray());
        var blob = vault.Seal(key, "b");
        var mac = new byte[32];

        Assert.True(vault.TryHmacSha256(blob, "b", message, mac));
        Assert.Equal(HMACSHA256.HashData(key, message), mac);
        Assert.False(vault.TryHmacSha256(blob, "c", message, mac));
        Assert.False(vault.TryHmacSha256(new SealedSecret([]), "b", message, mac));
    }

    [Theory]
    [InlineData(4096, 1024, true)]
    [InlineData(4097, 1, false)]
    [InlineData(1, 1025, false)]
    public void Limits_hold_at_the_boundary_and_one_past_it(int secretBytes, int bindingCharacters, bool isTaken)
    {
        var (secret, binding) = (new byte[secretBytes], new string('ü', bindingCharacters));
        if (isTaken)
        {
            Assert.Equal(secret, vault.Reveal(vault.Seal(secret, binding), binding));
        }
        else
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => vault.Seal(secret, binding));
        }
    }

    [Fact]
    public void A_secret_that_does_not_open_is_reported_without_telling_it()
    {
        var blob = vault.Seal("hunter2"u8, "b");

        var error = Assert.Throws<KeysException>(() => vault.Reveal(blob, "other row"));

        Assert.Contains("does not open", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_threads_seal_and_open_at_once() => Parallel.For(0, 8, thread =>
    {
        Span<byte> mac = stackalloc byte[32];
        for (var i = 0; i < 500; i++)
        {
            var (secret, binding) = (Encoding.UTF8.GetBytes($"secret {thread} {i}"), $"row {thread} {i}");
            var blob = vault.Seal(secret, binding);
            Assert.Equal(secret, vault.Reveal(blob, binding));
            Assert.True(vault.TryHmacSha256(blob, binding, "m"u8, mac));
            Assert.False(vault.TryHmacSha256(blob, "elsewhere", "m"u8, mac));
        }
    });

    [Fact]
    public void Nothing_that_holds_a_key_prints_it()
    {
        var blob = vault.Seal("hunter2"u8, "b");
        using var handle = SoftwareKeyHandle.Open(folder.Wrapping)!;

        Assert.Equal("***", blob.ToString());
        Assert.Equal(typeof(SecretVault).FullName, vault.ToString());
        Assert.Equal(typeof(SoftwareKeyHandle).FullName, handle.ToString());
        Assert.DoesNotContain(Convert.ToHexString(File.ReadAllBytes(folder.Wrapping)[8..]), handle.Id, StringComparison.OrdinalIgnoreCase);
    }

    private bool Opens(SealedSecret secret, string binding)
    {
        var opens = vault.TryHmacSha256(secret, binding, [], new byte[32]);
        try
        {
            vault.Reveal(secret, binding);
            Assert.True(opens);
        }
        catch (KeysException)
        {
            Assert.False(opens);
        }

        return opens;
    }

    // Unpaired surrogates are the same in UTF-8.
    private static string Text(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
