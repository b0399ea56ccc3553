using Gatehouse.Keys.Pkcs11;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>Wrapping keys in files.</summary>
public sealed class FileKeyStoreTests : KeyStoreSuite
{
    internal override KeyStoreAddress Address { get; } = new KeyStoreAddress.Files();

    internal override void PullOut() => File.Move(Folder.Wrapping, Folder.Wrapping + ".away");

    internal override void PutBack() => File.Move(Folder.Wrapping + ".away", Folder.Wrapping);

    internal override void Destroy() => File.Delete(Folder.Wrapping);

    [Fact]
    public void Keys_of_other_parts_in_the_directory_are_none_of_these()
    {
        KeyFiles.CreateDirectory(Folder.Directory);
        KeyFiles.Write(Folder.Path("ca.key"), "the private root's"u8);
        var secret = Folder.Seal("s", "b");
        using var other = Store.Create("ca");

        using var vault = Folder.Open();
        Assert.Equal("s"u8.ToArray(), vault.Reveal(secret, "b"));
        Assert.Equal(["ca", "wrapping"], Store.List().Select(key => key.Key.Name));
        Assert.Equal("the private root's", File.ReadAllText(Folder.Path("ca.key")));
    }
}

/// <summary>Wrapping keys in the machine's TPM.</summary>
public sealed class TpmKeyStoreTests : KeyStoreSuite
{
    private readonly Swtpm tpm = new();

    internal override KeyStoreAddress Address => tpm.Address;

    internal override void PullOut() => tpm.PullOut();

    internal override void PutBack() => tpm.PutBack();

    internal override void Destroy() => tpm.Clear();

    [Fact]
    public void What_is_no_TPM_is_told_and_not_written_to()
    {
        var file = Folder.Path("file");
        KeyFiles.CreateDirectory(Folder.Directory);
        File.WriteAllText(file, "precious");

        foreach (var path in new[] { file, Folder.Path("none") })
        {
            var store = new KeyStores(Folder.Directory, SoftHsm.Token.Parse($"tpm:device:{path}")).All[0];
            Refused(() => store.Find("k")!, path, KeysFault.Unavailable);
        }

        Assert.Equal("precious", File.ReadAllText(file));
    }

    public override void Dispose()
    {
        tpm.Dispose();
        base.Dispose();
    }
}

/// <summary>Wrapping keys in a token of an HSM, and how it is entered.</summary>
public sealed class TokenKeyStoreTests(LoadedHsm loaded) : KeyStoreSuite
{
    private readonly SoftHsm.Token token = loaded.Hsm.NewToken();

    internal override KeyStoreAddress Address => token.Address;

    internal override void PullOut() => token.PullOut();

    internal override void PutBack() => token.PutBack();

    internal override void Destroy() => token.Empty();

    [Fact]
    public void A_wrong_PIN_is_tried_once_and_not_again_until_its_file_changes()
    {
        using var key = Store.Create("k");
        SoftHsm.Token.WriteOwn(token.PinFile, "4711");
        Refused(() => Store.Find("k")!, "It was tried once", KeysFault.Unavailable);

        // Had it been tried again, it would have been right.
        ForeignKeys.ChangePin(token, "4711");
        Refused(() => Store.Find("k")!, "it is not tried again", KeysFault.Unavailable);
        Refused(() => new KeyStores(Folder.Directory, token.Address).All[0].Find("k")!, "it is not tried again", KeysFault.Unavailable);

        File.SetLastWriteTimeUtc(token.PinFile, DateTime.UtcNow.AddMinutes(1));
        using var found = Store.Find("k");
        Assert.Equal(key.Id, found!.Id);
    }

    [Theory]
    [InlineData(0x20000ul, "one try left")]
    [InlineData(0x40000ul, "has locked its PIN")]
    [InlineData(0x70000ul, "has locked its PIN")]
    [InlineData(0x10000ul, null)]
    [InlineData(0x40Dul, null)]
    public void A_token_that_is_about_to_lock_itself_is_not_asked(ulong flags, string? words)
    {
        var said = TokenKeyStore.Forbids(flags);

        Assert.Equal(words is null, said is null);
        Assert.Contains(words ?? "", said ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_was_never_there_and_a_library_that_is_none_are_told()
    {
        Refused(() => Of(token.Uri.Replace("token%20", "no%20token%20", StringComparison.Ordinal)).Find("k")!, "is not there", KeysFault.Unavailable);
        Refused(() => Of($"pkcs11:token=x?module-path={typeof(Xunit.Assert).Assembly.Location}").Find("k")!, "cannot be loaded", KeysFault.Unavailable);
        Refused(() => Of("pkcs11:token=x?module-path=/nowhere/lib.so").Find("k")!, "cannot be loaded", KeysFault.Unavailable);
    }

    [Fact]
    public void A_PIN_that_others_can_read_or_that_is_missing_is_refused()
    {
        File.SetUnixFileMode(token.PinFile, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Refused(() => Store.Find("k")!, "chmod go=", KeysFault.Damaged);
        File.Delete(token.PinFile);
        Refused(() => Store.Find("k")!, "is missing", KeysFault.Unavailable);
        SoftHsm.Token.WriteOwn(token.PinFile, "\n");
        Refused(() => Store.Find("k")!, "holds no PIN", KeysFault.Unavailable);
        Refused(() => Of(token.Uri[..token.Uri.IndexOf("&pin", StringComparison.Ordinal)]).Find("k")!, "wants a PIN", KeysFault.Unavailable);
    }

    [Fact]
    public void Keys_are_listed_with_what_hinders_them()
    {
        using var key = Store.Create("good");
        using var readable = Make("readable", isExtractable: true);

        Assert.Null(Store.Find("none"));
        Refused(() => Store.Create("good"), "There is a key", KeysFault.Exists);
        Refused(() => Store.Find("readable")!, "can be read out of its token", KeysFault.Refused);
        Assert.Equal([("good", key.Id, true), ("readable", null, false)], Store.List().Select(each => (each.Key.Name, each.Id, each.Problem is null)));
    }

    [Fact]
    public void An_RSA_key_wraps_where_the_token_has_no_AES_GCM()
    {
        using var made = Make("rsa", isExtractable: false, isRsa: true);
        using var key = Store.Find("rsa")!;
        var secret = new byte[32];
        var blob = key.Wrap(secret);

        Assert.StartsWith("RSA-3072", key.Mechanism, StringComparison.Ordinal);
        Assert.Equal(secret, key.Unwrap(blob));
        blob[^1] ^= 1;
        Refused(() => key.Unwrap(blob), "was not wrapped by wrapping key", KeysFault.Damaged);
        Refused(() => key.Unwrap(blob.AsSpan(0, 100)), "was not wrapped by wrapping key", KeysFault.Damaged);
    }

    private KeyStore Of(string uri) => new KeyStores(Folder.Directory, SoftHsm.Token.Parse(uri)).All[0];

    private static KeyHandle? NoHandle => null;

    // A key as another program might have made it.
    private KeyHandle? Make(string label, bool isExtractable, bool isRsa = false) => ((TokenKeyStore)Store).Use(isWriting: true, (session, _) =>
    {
        ForeignKeys.Make(session, label, isExtractable, isRsa);
        return NoHandle;
    });
}
