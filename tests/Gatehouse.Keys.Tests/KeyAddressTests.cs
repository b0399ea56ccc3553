using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>How keys and their stores are written.</summary>
public sealed class KeyAddressTests
{
    [Theory]
    [InlineData("file:wrapping")]
    [InlineData("file:a.b_c-9")]
    [InlineData("tpm:wrapping-2")]
    [InlineData("pkcs11:token=plant%207;object=wrapping")]
    public void A_key_is_written_as_it_is_read(string text)
    {
        Assert.True(KeyAddress.TryParse(text, out var key));
        Assert.Equal(text, key.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("file")]
    [InlineData("file:")]
    [InlineData("file:../../etc/shadow")]
    [InlineData("file:.hidden")]
    [InlineData("file:a/b")]
    [InlineData("file:ünï")]
    [InlineData("other:wrapping")]
    [InlineData("tpm:a b")]
    [InlineData("pkcs11:")]
    [InlineData("pkcs11:token=t")]
    [InlineData("pkcs11:object=o")]
    [InlineData("pkcs11:token=;object=o")]
    [InlineData("pkcs11:token=t;object=o;object=p")]
    [InlineData("pkcs11:token=t;object=o;slot-id=3")]
    [InlineData("pkcs11:token=t;object=o?module-path=/tmp/evil.so")]
    [InlineData("pkcs11:token=t;object=o?pin-value=1234")]
    [InlineData("pkcs11:token=012345678901234567890123456789012;object=o")]
    [InlineData("pkcs11:token=a%0Ab;object=o")]
    public void What_is_no_address_of_a_key_is_none(string? text) => Assert.False(KeyAddress.TryParse(text, out _));

    [Fact]
    public void A_name_of_a_key_has_at_most_sixty_four_characters()
    {
        Assert.True(KeyAddress.TryParse("file:" + new string('a', 64), out _));
        Assert.False(KeyAddress.TryParse("file:" + new string('a', 65), out _));
    }

    [Fact]
    public void Stores_are_read_with_their_paths()
    {
        Assert.Equal(new KeyStoreAddress.Files(), SoftHsm.Token.Parse("file"));
        Assert.Equal(new KeyStoreAddress.Tpm("/dev/tpmrm0", false), SoftHsm.Token.Parse("tpm"));
        Assert.Equal(new KeyStoreAddress.Tpm("/dev/tpm7", false), SoftHsm.Token.Parse("tpm:device:/dev/tpm7"));
        Assert.Equal(new KeyStoreAddress.Tpm("/run/tpm", true), SoftHsm.Token.Parse("tpm:swtpm:path=/run/tpm"));
        Assert.Equal(new KeyStoreAddress.Token("plant 7", "/l.so", "/pin"), SoftHsm.Token.Parse("pkcs11:token=plant%207?module-path=/l.so&pin-source=/pin"));
        Assert.Equal(new KeyStoreAddress.Token("t", "/l.so", "/pin"), SoftHsm.Token.Parse("pkcs11:token=t?pin-source=file:///pin&module-path=/l.so"));
        Assert.Equal(new KeyStoreAddress.Token("t", "/l.so", null), SoftHsm.Token.Parse("pkcs11:token=t?module-path=/l.so"));
    }

    [Theory]
    [InlineData("", "is not understood")]
    [InlineData("disk", "is not understood")]
    [InlineData("tpm:device:tpm", "is not understood")]
    [InlineData("tpm:swtpm:host=example.net", "is not understood")]
    [InlineData("pkcs11:module-path=/l.so", "names no token")]
    [InlineData("pkcs11:token=t", "needs the whole paths")]
    [InlineData("pkcs11:token=t?module-path=l.so", "needs the whole paths")]
    [InlineData("pkcs11:token=t?module-path=/l.so&pin-source=pin", "needs the whole paths")]
    [InlineData("pkcs11:token=t?module-path=/l.so&colour=red", "is not understood")]
    [InlineData("pkcs11:token=t?module-path=/l.so&pin-value=1234", "holds a PIN")]
    public void A_store_that_cannot_be_is_refused_with_the_reason(string text, string words)
    {
        var said = KeyStoreAddress.TryParse(text, out _);

        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.DoesNotContain("1234", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_that_is_not_declared_is_not_used()
    {
        using var folder = new KeysFolder();
        folder.Seal("s", "b");
        using var vault = SecretVault.Open(folder.Directory, new KeyStores(folder.Directory, new KeyStoreAddress.Tpm("/nowhere", true)));
        var change = new Contracts.Audit.AuditRecord { Actor = "a", Action = "b", Subject = "c" };

        // What lies in a file still opens, or keys could not be moved out of it; nothing new goes there.
        foreach (var key in new[] { new KeyAddress("file", "x"), new KeyAddress("pkcs11:token=t", "x") })
        {
            Assert.Equal(KeysFault.Refused, Assert.Throws<KeysException>(() => vault.Custody.Create(key)).Fault);
            Assert.Equal(KeysFault.Refused, Assert.Throws<KeysException>(() => vault.Custody.Rewrap(key, move: true, change)).Fault);
        }

        Assert.Equal(KeysFault.Refused, Assert.Throws<KeysException>(() => new KeyStores(folder.Directory, new KeyStoreAddress.Files(), new KeyStoreAddress.Files())).Fault);
    }
}
