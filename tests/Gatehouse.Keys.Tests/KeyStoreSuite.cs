using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Audit;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>What every store of wrapping keys must do.</summary>
public abstract class KeyStoreSuite : IDisposable
{
    private static readonly AuditRecord Change = new() { Actor = "test", Action = "key.change", Subject = "keys" };

    private readonly KeysFolder folder = new();
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>The store, as an operator names it.</summary>
    internal abstract KeyStoreAddress Address { get; }

    /// <summary>Directory of key files.</summary>
    internal KeysFolder Folder => folder;

    internal KeyStore Store => Stores.All[0];

    internal KeyAddress First => new(Store.Name, KeyAddress.FirstName);

    private KeyStores Stores
    {
        get
        {
            KeyFiles.CreateDirectory(folder.Directory);
            return new KeyStores(folder.Directory, Address is KeyStoreAddress.Files ? [Address] : [Address, new KeyStoreAddress.Files()]);
        }
    }

    public virtual void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void What_a_key_wraps_it_opens_and_it_never_looks_the_same()
    {
        using var key = Store.Create("k");
        var wrapped = Enumerable.Range(0, 5).Select(_ => key.Wrap(secret)).ToList();

        Assert.All(wrapped, blob => Assert.Equal(secret, key.Unwrap(blob)));
        Assert.Equal(5, wrapped.Select(Convert.ToHexString).Distinct().Count());
        Assert.All(wrapped, blob => Assert.DoesNotContain(Convert.ToHexString(secret), Convert.ToHexString(blob), StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_that_is_opened_anew_is_the_same()
    {
        using var key = Store.Create("k");
        var wrapped = key.Wrap(secret);

        using var again = Store.Find("k")!;

        Assert.Equal((key.Id, key.Mechanism), (again.Id, again.Mechanism));
        Assert.Equal(secret, again.Unwrap(wrapped));
        Assert.NotEmpty(key.Id);
    }

    [Fact]
    public void What_another_key_wrapped_is_refused()
    {
        using var key = Store.Create("k");
        using var other = Store.Create("other");

        Assert.NotEqual(key.Id, other.Id);
        Refused(() => other.Unwrap(key.Wrap(secret)), "was not wrapped by wrapping key", KeysFault.Damaged);
    }

    [Fact]
    public void A_blob_that_was_altered_or_cut_is_refused_and_the_key_goes_on()
    {
        using var key = Store.Create("k");
        var blob = key.Wrap(secret);
        foreach (var at in Enumerable.Range(0, 12).Select(i => i * (blob.Length - 1) / 11))
        {
            byte[] altered = [.. blob];
            altered[at] ^= 0x10;
            Refused(() => key.Unwrap(altered), "was not wrapped by wrapping key", KeysFault.Damaged);
            Refused(() => key.Unwrap(blob.AsSpan(0, at)), "was not wrapped by wrapping key", KeysFault.Damaged);
        }

        Refused(() => key.Unwrap([.. blob, 0]), "was not wrapped by wrapping key", KeysFault.Damaged);
        Assert.Equal(secret, key.Unwrap(blob));
    }

    [Fact]
    public void A_new_server_makes_its_wrapping_key_here_and_opens_what_it_sealed_after_a_restart()
    {
        using var first = SecretVault.Open(folder.Directory, Stores);
        var blob = first.Seal("hunter2"u8, "b");

        using var second = SecretVault.Open(folder.Directory, Stores);

        Assert.Equal("hunter2"u8.ToArray(), second.Reveal(blob, "b"));
        Assert.Equal(First, second.Custody.WrappingKey);
    }

    [Fact]
    public void Running_work_goes_on_without_the_store_and_changes_work_again_when_it_is_back()
    {
        using var vault = SecretVault.Open(folder.Directory, Stores);
        var blob = vault.Seal("hunter2"u8, "b");
        PullOut();

        var later = vault.Seal("later"u8, "b");
        Assert.Equal("hunter2"u8.ToArray(), vault.Reveal(blob, "b"));
        OneLine(Assert.Throws<KeysException>(() => vault.Custody.Rotate(Change)), KeysFault.Unavailable);
        OneLine(Assert.Throws<KeysException>(() => SecretVault.Open(folder.Directory, Stores)), KeysFault.Unavailable);
        Assert.Equal([1], vault.Custody.DataKeys);

        PutBack();
        vault.Custody.Rotate(Change);
        var newest = vault.Seal("newest"u8, "b");
        Assert.Equal([1, 2], vault.Custody.DataKeys);
        using var restarted = SecretVault.Open(folder.Directory, Stores);
        Assert.Equal("hunter2laternewest", string.Concat(new[] { blob, later, newest }.Select(each => Encoding.UTF8.GetString(restarted.Reveal(each, "b")))));
    }

    [Fact]
    public void A_key_that_has_vanished_is_missed_in_one_line_and_not_made_anew()
    {
        using var vault = SecretVault.Open(folder.Directory, Stores);
        var before = File.ReadAllText(folder.Data);
        Destroy();

        OneLine(Assert.Throws<KeysException>(() => vault.Custody.Rotate(Change)), null);
        OneLine(Assert.Throws<KeysException>(() => SecretVault.Open(folder.Directory, Stores)), null);
        Assert.Equal(before, File.ReadAllText(folder.Data));
    }

    [Fact]
    public void Lost_data_keys_are_missed_and_not_made_anew()
    {
        using (SecretVault.Open(folder.Directory, Stores))
        {
            File.Delete(folder.Data);
        }

        Assert.Contains("is missing, but", Assert.Throws<KeysException>(() => SecretVault.Open(folder.Directory, Stores)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.Data));
    }

    [Fact]
    public void Data_keys_move_here_from_a_file_and_back_and_nothing_is_lost()
    {
        var blob = folder.Seal("hunter2", "b");
        var (here, back) = (First with { Name = "hsm-1" }, new KeyAddress("file", "back"));
        using var vault = SecretVault.Open(folder.Directory, Stores);

        Move(vault, here);
        Assert.False(File.Exists(folder.Wrapping));
        Assert.Equal("hunter2"u8.ToArray(), Reopened(vault => vault.Reveal(blob, "b")));
        Assert.Equal(here, Reopened(vault => vault.Custody.WrappingKey));

        Move(vault, back);
        Assert.Equal("hunter2"u8.ToArray(), vault.Reveal(blob, "b"));
        Assert.Equal("hunter2"u8.ToArray(), Reopened(vault => vault.Reveal(blob, "b")));
        Assert.Equal([folder.Path("back.wrapping-key"), folder.Data], Directory.GetFiles(folder.Directory).Where(file => !file.Contains("hsm-1", StringComparison.Ordinal)).Order());
    }

    [Theory]
    [InlineData("wrap")]
    [InlineData("mark")]
    [InlineData("stage")]
    [InlineData("rename")]
    [InlineData("done")]
    [InlineData("forget")]
    public void A_move_that_is_killed_at_any_step_leaves_keys_that_open_and_can_be_done_again(string step)
    {
        var blob = folder.Seal("hunter2", "b");
        var here = First with { Name = "hsm-1" };
        using (var vault = SecretVault.Open(folder.Directory, Stores))
        {
            vault.Custody.Before = now => Kill(now, step);
            Assert.Throws<KilledException>(() => vault.Custody.Rewrap(here, move: true, Change));
        }

        using var after = SecretVault.Open(folder.Directory, Stores);
        Assert.Equal("hunter2"u8.ToArray(), after.Reveal(blob, "b"));
        var isMoved = step is "done" or "forget";
        Assert.Equal(isMoved, after.Custody.WrappingKey == here);
        Assert.Equal(isMoved, after.Custody.Unrecorded is not null);
        if (!isMoved)
        {
            Move(after, here);
        }

        Assert.Equal("hunter2"u8.ToArray(), Reopened(vault => vault.Reveal(blob, "b")));
        Assert.Equal(here, Reopened(vault => vault.Custody.WrappingKey));
    }

    [Theory]
    [InlineData("wrap")]
    [InlineData("stage")]
    [InlineData("rename")]
    [InlineData("done")]
    public void A_rotation_that_is_killed_at_any_step_leaves_keys_that_open(string step)
    {
        using (var vault = SecretVault.Open(folder.Directory, Stores))
        {
            vault.Custody.Before = now => Kill(now, step);
            Assert.Throws<KilledException>(() => vault.Custody.Rotate(Change));
        }

        using var after = SecretVault.Open(folder.Directory, Stores);
        after.Custody.MarkRecorded();
        after.Custody.Rotate(Change);
        Assert.Equal(step == "done" ? [1, 2, 3] : [1, 2], after.Custody.DataKeys);
        Assert.Equal("s"u8.ToArray(), after.Reveal(after.Seal("s"u8, "b"), "b"));
    }

    [Fact]
    public void A_new_wrapping_key_takes_over_under_the_next_name()
    {
        using var vault = SecretVault.Open(folder.Directory, Stores);
        var (blob, id) = (vault.Seal("s"u8, "b"), vault.Custody.WrappingKeyId);

        var next = vault.Custody.NextWrappingKey();
        Move(vault, next);
        var third = vault.Custody.NextWrappingKey();

        Assert.Equal((First with { Name = "wrapping-2" }, First with { Name = "wrapping-3" }), (next, third));
        Assert.NotEqual(id, vault.Custody.WrappingKeyId);
        Assert.Equal("s"u8.ToArray(), Reopened(again => again.Reveal(blob, "b")));
    }

    [Fact]
    public void Many_threads_rotate_and_seal_at_once_and_everything_opens()
    {
        using var vault = SecretVault.Open(folder.Directory, Stores);
        var blobs = new System.Collections.Concurrent.ConcurrentBag<Contracts.Credentials.SealedSecret>();

        Parallel.For(0, 4, thread =>
        {
            for (var i = 0; i < 100; i++)
            {
                blobs.Add(vault.Seal("s"u8, "b"));
            }

            lock (blobs)
            {
                vault.Custody.Rotate(Change);
                vault.Custody.MarkRecorded();
            }
        });

        using var again = SecretVault.Open(folder.Directory, Stores);
        Assert.Equal([1, 2, 3, 4, 5], again.Custody.DataKeys);
        Assert.All(blobs, blob => Assert.Equal("s"u8.ToArray(), again.Reveal(blob, "b")));
    }

    /// <summary>Takes the store away from under the server.</summary>
    internal abstract void PullOut();

    internal abstract void PutBack();

    /// <summary>The keys are gone for good, the store is not.</summary>
    internal abstract void Destroy();

    internal static void Refused(Func<object> call, string words, KeysFault fault)
    {
        var error = Assert.Throws<KeysException>(call);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        OneLine(error, fault);
    }

    private static void OneLine(KeysException error, KeysFault? fault)
    {
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
        Assert.Equal(fault ?? error.Fault, error.Fault);
    }

    private static void Move(SecretVault vault, KeyAddress to)
    {
        vault.Custody.Rewrap(to, move: true, Change);
        Assert.Equal(Change, vault.Custody.Unrecorded);
        vault.Custody.MarkRecorded();
    }

    private T Reopened<T>(Func<SecretVault, T> look)
    {
        using var vault = SecretVault.Open(folder.Directory, Stores);
        return look(vault);
    }

    private static void Kill(string now, string step)
    {
        if (now == step)
        {
            throw new KilledException();
        }
    }

    private sealed class KilledException : Exception;
}
