using System.Text;
using Gatehouse.Contracts.Credentials;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>The files: who may read them, and what is said when they are not what they should be.</summary>
public sealed class KeyFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly KeysFolder folder = new();
    private readonly SealedSecret secret;

    public KeyFileTests() => secret = folder.Seal("hunter2", "b");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Files_are_the_owners_alone_and_no_others_lie_about()
    {
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder.Wrapping));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder.Data));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Directory));
        Assert.Equal([folder.Data, folder.Wrapping], Directory.GetFiles(folder.Directory).Order());
    }

    [Fact]
    public void A_later_start_opens_what_an_earlier_one_sealed()
    {
        using var vault = folder.Open();

        Assert.Equal("hunter2"u8.ToArray(), vault.Reveal(secret, "b"));
    }

    [Fact]
    public void Nothing_of_a_hundred_secrets_lies_in_the_files()
    {
        using var vault = folder.Open();
        var secrets = Enumerable.Range(0, 100).Select(i => $"plain secret number {i}").ToList();
        var blobs = secrets.Select(s => vault.Seal(Encoding.UTF8.GetBytes(s), "row")).ToList();

        var files = string.Concat(Directory.GetFiles(folder.Directory).Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f))));
        var stored = string.Concat(blobs.Select(b => Encoding.Latin1.GetString(b.Blob.Span)));

        Assert.All(secrets, s => Assert.DoesNotContain(s[..12], files + stored, StringComparison.Ordinal));
    }

    [Fact]
    public void The_data_key_does_not_lie_open_beside_the_wrapping_key()
    {
        using var handle = SoftwareKeyHandle.Open(folder.Wrapping)!;
        var wrapped = System.Text.Json.JsonDocument.Parse(File.ReadAllText(folder.Data)).RootElement.GetProperty("keys")[0].GetProperty("wrapped").GetBytesFromBase64();

        var key = handle.Unwrap(wrapped);

        var files = Encoding.Latin1.GetString([.. File.ReadAllBytes(folder.Wrapping), .. File.ReadAllBytes(folder.Data), .. wrapped]);
        Assert.Equal(32, key.Length);
        Assert.DoesNotContain(Encoding.Latin1.GetString(key), files, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(key), files, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherExecute)]
    public void A_file_or_folder_that_others_reach_is_refused_with_the_remedy(UnixFileMode extra)
    {
        foreach (var path in new[] { folder.Wrapping, folder.Data, folder.Directory })
        {
            var mode = File.GetUnixFileMode(path);
            File.SetUnixFileMode(path, mode | extra);

            var error = Assert.Throws<KeysException>(folder.Open);

            Assert.Contains($"chmod go= '{path}'", error.Message, StringComparison.Ordinal);
            File.SetUnixFileMode(path, mode);
        }
    }

    [Fact]
    public void A_lost_wrapping_key_is_missed_and_not_made_anew()
    {
        File.Delete(folder.Wrapping);

        Refused("is missing, but");

        Assert.False(File.Exists(folder.Wrapping));
    }

    [Fact]
    public void Lost_data_keys_are_missed_and_not_made_anew()
    {
        File.Delete(folder.Data);

        Refused("is missing, but");

        Assert.False(File.Exists(folder.Data));
    }

    [Fact]
    public void A_first_start_that_was_cut_short_between_its_two_files_is_completed()
    {
        File.Move(folder.Data, folder.Data + ".new");

        using var vault = folder.Open();

        Assert.Equal("hunter2"u8.ToArray(), vault.Reveal(secret, "b"));
        Assert.False(File.Exists(folder.Data + ".new"));
    }

    [Fact]
    public void A_first_start_that_was_cut_short_before_its_keys_begins_anew()
    {
        using var other = new KeysFolder();
        Directory.CreateDirectory(other.Directory, OwnerOnly | UnixFileMode.UserExecute);
        File.WriteAllText(other.Data + ".new", "{ \"wrapp");
        File.WriteAllText(other.Wrapping + ".new", "half");

        using (var vault = other.Open())
        {
            Assert.Equal("s"u8.ToArray(), vault.Reveal(vault.Seal("s"u8, "b"), "b"));
        }

        Assert.Equal([other.Data, other.Wrapping], Directory.GetFiles(other.Directory).Order());
    }

    [Fact]
    public void A_wrapping_key_of_another_directory_is_told_by_its_id()
    {
        using var other = new KeysFolder();
        other.Seal("x", "b");
        File.Copy(other.Wrapping, folder.Wrapping, overwrite: true);

        Refused("but the wrapping key here is");
    }

    [Fact]
    public void A_wrapping_key_with_the_right_id_and_other_bytes_is_refused()
    {
        var bytes = File.ReadAllBytes(folder.Wrapping);
        bytes[^1] ^= 1;
        File.WriteAllBytes(folder.Wrapping, bytes);

        Refused("was not wrapped by wrapping key");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(39)]
    [InlineData(41)]
    public void A_wrapping_key_of_another_length_is_refused(int bytes)
    {
        File.WriteAllBytes(folder.Wrapping, new byte[bytes]);

        Refused($"it has {bytes} bytes instead of 40");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("not JSON")]
    [InlineData("""{"wrappedBy":"ID","keys":[]}""")]
    [InlineData("""{"wrappedBy":"ID","keys":[null]}""")]
    [InlineData("""{"wrappedBy":"ID","keys":[{"id":1}]}""")]
    [InlineData("""{"wrappedBy":"ID","keys":[{"id":1,"wrapped":null}]}""")]
    [InlineData("""{"wrappedBy":"ID","keys":[{"id":1,"wrapped":"%%%"}]}""")]
    [InlineData("""{"wrappedBy":"","keys":[{"id":1,"wrapped":"AAAA"}]}""")]
    public void Damaged_data_keys_are_refused_as_damaged(string content)
    {
        using (var handle = SoftwareKeyHandle.Open(folder.Wrapping)!)
        {
            File.WriteAllText(folder.Data, content.Replace("ID", handle.Id, StringComparison.Ordinal));
        }

        Refused("is damaged");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(28)]
    [InlineData(60)]
    public void A_wrapped_key_that_was_altered_is_refused(int length)
    {
        using (var handle = SoftwareKeyHandle.Open(folder.Wrapping)!)
        {
            File.WriteAllText(folder.Data, $$"""{"wrappedBy":"{{handle.Id}}","keys":[{"id":1,"wrapped":"{{Convert.ToBase64String(new byte[length])}}"}]}""");
        }

        Refused("was not wrapped by wrapping key");
    }

    [Fact]
    public void A_data_key_of_another_length_is_refused()
    {
        using (var handle = SoftwareKeyHandle.Open(folder.Wrapping)!)
        {
            File.WriteAllText(folder.Data, $$"""{"wrappedBy":"{{handle.Id}}","keys":[{"id":1,"wrapped":"{{Convert.ToBase64String(handle.Wrap(new byte[16]))}}"}]}""");
        }

        Refused("has a wrong length");
    }

    [Fact]
    public void Older_data_keys_open_and_the_newest_seals()
    {
        byte[] wrapped;
        using (var handle = SoftwareKeyHandle.Open(folder.Wrapping)!)
        {
            wrapped = handle.Wrap(new byte[32]);
        }

        File.WriteAllText(folder.Data, File.ReadAllText(folder.Data).Replace("}\n  ]", $$"""}, {"id":2,"wrapped":"{{Convert.ToBase64String(wrapped)}}"} ]""", StringComparison.Ordinal));
        using var vault = folder.Open();

        Assert.Equal("hunter2"u8.ToArray(), vault.Reveal(secret, "b"));
        Assert.Equal(2, vault.Seal("new"u8, "b").Blob.Span[4]);
    }

    private void Refused(string words)
    {
        var error = Assert.Throws<KeysException>(folder.Open);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
    }
}
