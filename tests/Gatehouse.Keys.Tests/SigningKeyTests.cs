using Gatehouse.Keys.Pkcs11;
using Gatehouse.Keys.Signing;
using Net.Pkcs11Interop.Common;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>Signing keys in files.</summary>
public sealed class FileSigningKeyTests : SigningKeySuite
{
    internal override KeyStoreAddress Address { get; } = new KeyStoreAddress.Files();

    internal override void PullOut() => File.Move(Folder.Path("k.signing-key"), Folder.Path("k.away"));

    internal override void PutBack() => File.Move(Folder.Path("k.away"), Folder.Path("k.signing-key"));

    internal override void Destroy() => File.Delete(Folder.Path("k.signing-key"));

    // What is open is in memory; what is opened needs the file.
    internal override object Work(SigningKeyHandle key) => Open("k");

    [Fact]
    public void A_file_is_its_owners_alone_shows_no_key_and_opens_under_its_own_name_and_data_keys_only()
    {
        using var made = Store.CreateSigning("k", SigningKeyType.EcP256);
        var path = Folder.Path("k.signing-key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(-1, File.ReadAllBytes(path).AsSpan().IndexOf(made.PublicKeyInfo.Span[^64..]));

        File.Copy(path, Folder.Path("other.signing-key"));
        Refused(() => Open("other"), "does not open", KeysFault.Damaged);
        var content = File.ReadAllBytes(path);
        foreach (var at in new[] { 0, 3, content.Length / 2, content.Length - 1 })
        {
            byte[] altered = [.. content];
            altered[at] ^= 1;
            File.WriteAllBytes(path, altered);
            Refused(() => Open("k"), "does not open", KeysFault.Damaged);
        }

        File.WriteAllBytes(path, []);
        Refused(() => Open("k"), "does not open", KeysFault.Damaged);
        File.WriteAllBytes(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Refused(() => Open("k"), "chmod go=", KeysFault.Damaged);
    }

    [Fact]
    public void A_name_is_one_key_of_one_use()
    {
        using var signing = Store.CreateSigning("s", SigningKeyType.EcP384);
        using var wrapping = Store.Create("w");

        Refused(() => Store.Create("s"), "There is a key", KeysFault.Exists);
        Refused(() => Store.CreateSigning("w", SigningKeyType.EcP256), "There is a key", KeysFault.Exists);
        Refused(() => Store.Find("s"), "signs, and wraps nothing", KeysFault.Refused);
        Refused(() => Store.FindSigning("w"), "wraps, and signs nothing", KeysFault.Refused);
        Assert.Null(Store.FindSigning("none"));
        Assert.Equal(
            [("w", KeyUse.Wrapping, wrapping.Id), ("wrapping", KeyUse.Wrapping, null), ("s", KeyUse.Signing, signing.Id)],
            Store.List().Select(key => (key.Key.Name, key.Use, key.Key.Name == "wrapping" ? null : key.Id)));
    }

    private SigningKeyHandle Open(string key) => Store.FindSigning(key) ?? throw new KeysException("gone");
}

/// <summary>Signing keys in the machine's TPM.</summary>
public sealed class TpmSigningKeyTests : SigningKeySuite
{
    private readonly Swtpm tpm = new();

    internal override KeyStoreAddress Address => tpm.Address;

    internal override IReadOnlyList<SigningKeyType> Types { get; } = [SigningKeyType.EcP256];

    internal override void PullOut() => tpm.PullOut();

    internal override void PutBack() => tpm.PutBack();

    internal override void Destroy() => tpm.Clear();

    public override void Dispose()
    {
        tpm.Dispose();
        base.Dispose();
    }

    [Fact]
    public void Another_TPM_at_the_same_place_does_not_sign_for_the_first()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);
        tpm.Clear();

        Refused(() => key.Sign("x"u8, key.Hash), "is another than before", KeysFault.Unavailable);
    }

    [Fact]
    public void Other_types_are_refused_and_a_name_signs_by_another_key_than_it_wraps_by()
    {
        using var signing = Store.CreateSigning("k", SigningKeyType.EcP256);
        using var wrapping = Store.Create("k");

        Assert.NotEqual(signing.Id, wrapping.Id);
        Refused(() => Store.CreateSigning("k", SigningKeyType.EcP384), "ec-p256 only", KeysFault.Refused);
        Refused(() => Store.CreateSigning("k", SigningKeyType.Rsa3072), "ec-p256 only", KeysFault.Refused);
    }
}

/// <summary>Signing keys in a token of an HSM.</summary>
public sealed class TokenSigningKeyTests(LoadedHsm loaded) : SigningKeySuite
{
    private readonly SoftHsm.Token token = loaded.Hsm.NewToken();

    internal override KeyStoreAddress Address => token.Address;

    internal override void PullOut() => token.PullOut();

    internal override void PutBack() => token.PutBack();

    internal override void Destroy() => token.Empty();

    [Fact]
    public void Wrapping_and_signing_in_one_token_do_not_disturb_each_other()
    {
        using var signing = Store.CreateSigning("s", SigningKeyType.EcP256);
        using var wrapping = Store.Create("w");
        var secret = new byte[32];

        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            if (i % 4 == 0)
            {
                Assert.Equal(secret, wrapping.Unwrap(wrapping.Wrap(secret)));
            }
            else
            {
                Assert.NotEmpty(signing.Sign("x"u8, signing.Hash));
            }
        });
    }

    [Fact]
    public void A_name_is_one_key_of_one_use_and_the_list_says_which()
    {
        using var curve = Store.CreateSigning("curve", SigningKeyType.EcP384);
        using var rsa = Store.CreateSigning("rsa", SigningKeyType.Rsa3072);
        using var wrapping = Store.Create("w");
        Make("readable", isExtractable: true, isRsa: true);
        Make("decrypts", isExtractable: false, isRsa: true);

        Refused(() => Store.Create("rsa"), "There is a key", KeysFault.Exists);
        Refused(() => Store.CreateSigning("w", SigningKeyType.EcP256), "There is a key", KeysFault.Exists);
        Refused(() => Store.Find("curve"), "cannot wrap data keys", KeysFault.Refused);
        Refused(() => Store.Find("rsa"), "cannot wrap data keys", KeysFault.Refused);
        Refused(() => Store.FindSigning("w"), "which wraps", KeysFault.Refused);
        Refused(() => Store.FindSigning("readable"), "can be read out of its token", KeysFault.Refused);
        Refused(() => Store.FindSigning("decrypts"), "a key has one use", KeysFault.Refused);
        Assert.Null(Store.FindSigning("none"));
        Assert.Equal(
            [("curve", KeyUse.Signing, curve.Id), ("decrypts", KeyUse.Wrapping, "?"), ("readable", KeyUse.Wrapping, null), ("rsa", KeyUse.Signing, rsa.Id), ("w", KeyUse.Wrapping, wrapping.Id)],
            Store.List().Select(key => (key.Key.Name, key.Use, key.Key.Name == "decrypts" ? "?" : key.Id)));
    }

    [Fact]
    public void A_key_that_was_removed_from_the_token_or_has_another_in_its_place_signs_no_more()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);
        Assert.NotEmpty(key.Sign("x"u8, key.Hash));
        token.Empty();

        Refused(() => key.Sign("x"u8, key.Hash), "has vanished from its token", KeysFault.Unavailable);
        using var other = Store.CreateSigning("k", SigningKeyType.EcP256);
        Refused(() => key.Sign("x"u8, key.Hash), "has vanished from its token", KeysFault.Unavailable);
        Assert.NotEmpty(other.Sign("x"u8, other.Hash));
    }

    [Fact]
    public void A_PIN_that_has_become_wrong_is_tried_once()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);
        SoftHsm.Token.WriteOwn(token.PinFile, "4711");

        Refused(() => key.Sign("x"u8, key.Hash), "It was tried once", KeysFault.Unavailable);
        Refused(() => key.Sign("x"u8, key.Hash), "it is not tried again", KeysFault.Unavailable);
        File.WriteAllText(token.PinFile, "1234");
        File.SetLastWriteTimeUtc(token.PinFile, DateTime.UtcNow.AddMinutes(1));
        Assert.NotEmpty(key.Sign("x"u8, key.Hash));
    }

    // A key as another program might have made it.
    private void Make(string label, bool isExtractable, bool isRsa) => ((TokenKeyStore)Store).Use(isWriting: true, (session, _) =>
    {
        ForeignKeys.Make(session, label, isExtractable, isRsa);
        return CKR.CKR_OK;
    });
}
