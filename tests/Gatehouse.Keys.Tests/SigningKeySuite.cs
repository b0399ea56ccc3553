using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Keys.Signing;
using Xunit;

namespace Gatehouse.Keys.Tests;

/// <summary>What every store of signing keys must do.</summary>
public abstract class SigningKeySuite : IDisposable
{
    private readonly KeysFolder folder = new();
    private readonly List<SecretVault> vaults = [];
    private readonly byte[] data = RandomNumberGenerator.GetBytes(300);

    /// <summary>The store, as an operator names it.</summary>
    internal abstract KeyStoreAddress Address { get; }

    /// <summary>Types that it makes.</summary>
    internal virtual IReadOnlyList<SigningKeyType> Types { get; } = Enum.GetValues<SigningKeyType>();

    internal KeysFolder Folder => folder;

    /// <summary>As a server opens it: its data keys lie in a file, whatever the store.</summary>
    internal KeyStore Store
    {
        get
        {
            KeyFiles.CreateDirectory(folder.Directory);
            var stores = new KeyStores(folder.Directory, Address is KeyStoreAddress.Files ? [Address] : [new KeyStoreAddress.Files(), Address]);
            vaults.Add(SecretVault.Open(folder.Directory, stores));
            return stores.All[^1];
        }
    }

    public virtual void Dispose()
    {
        vaults.ForEach(vault => vault.Dispose());
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Signatures_of_each_type_are_good_for_another_library_and_for_openssl()
    {
        foreach (var type in Types)
        {
            using var key = Store.CreateSigning($"k-{SigningKeyTypes.WordOf(type)}", type);
            Assert.Equal(SigningKeyTypes.WordOf(type), key.Type);
            foreach (var _ in Enumerable.Range(0, 3))
            {
                var signature = key.Sign(data, key.Hash);
                Assert.True(Verify(key, data, signature));
                OpenSslVerifies(key, signature, isGood: true);
                signature[^1] ^= 1;
                OpenSslVerifies(key, signature, isGood: false);
            }
        }
    }

    [Fact]
    public void A_key_that_is_opened_anew_is_the_same_and_one_of_another_name_is_not()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);
        using var other = Store.CreateSigning("other", SigningKeyType.EcP256);

        using var again = Store.FindSigning("k")!;

        Assert.Equal((key.Id, key.Mechanism, key.Type), (again.Id, again.Mechanism, again.Type));
        Assert.NotEqual(key.Id, other.Id);
        Assert.True(Verify(key, data, again.Sign(data, again.Hash)));
        Assert.False(Verify(key, data, other.Sign(data, other.Hash)));
    }

    [Fact]
    public void A_root_an_intermediate_a_leaf_and_a_revocation_list_are_good_for_openssl()
    {
        foreach (var type in Types)
        {
            using var root = Store.CreateSigning($"root-{SigningKeyTypes.WordOf(type)}", type);
            using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var now = DateTimeOffset.UtcNow;
            var request = new CertificateRequest(new X500DistinguishedName("CN=Root"), root.PublicKey, root.Hash);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(root.PublicKey, false));
            using var certificate = request.Create(request.SubjectName, root.CreateGenerator(), now.AddDays(-1), now.AddDays(10), [1]);
            using var leaf = new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256).Create(certificate.SubjectName, root.CreateGenerator(), now.AddDays(-1), now.AddDays(5), [2]);
            var list = new CertificateRevocationListBuilder();
            list.AddEntry([9]);
            var crl = list.Build(certificate.SubjectName, root.CreateGenerator(), 1, now.AddDays(3), root.Hash, X509AuthorityKeyIdentifierExtension.CreateFromCertificate(certificate, true, false));

            File.WriteAllText(folder.Path("root.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(folder.Path("leaf.pem"), leaf.ExportCertificatePem());
            File.WriteAllText(folder.Path("list.pem"), PemEncoding.WriteString("X509 CRL", crl));
            Assert.Equal(0, OpenSsl("verify", "-check_ss_sig", "-crl_check", "-CRLfile", folder.Path("list.pem"), "-CAfile", folder.Path("root.pem"), folder.Path("leaf.pem")));
            File.WriteAllText(folder.Path("request.pem"), new CertificateRequest(new X500DistinguishedName("CN=Intermediate"), root.PublicKey, root.Hash).CreateSigningRequestPem(root.CreateGenerator()));
            Assert.Equal(0, OpenSsl("req", "-in", folder.Path("request.pem"), "-verify", "-noout"));
        }
    }

    [Fact]
    public void Many_threads_sign_with_two_keys_at_once()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);
        using var other = Store.CreateSigning("other", SigningKeyType.EcP256);
        var wrong = new ConcurrentBag<string>();

        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
        {
            var signer = i % 2 == 0 ? key : other;
            if (!Verify(signer, data, signer.Sign(data, signer.Hash)))
            {
                wrong.Add(signer.Id);
            }
        });

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_store_that_is_away_is_told_in_one_line_and_the_same_handle_works_again_when_it_is_back()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);
        Assert.True(Verify(key, data, key.Sign(data, key.Hash)));
        for (var i = 0; i < 2; i++)
        {
            PullOut();
            OneLine(Assert.Throws<KeysException>(() => Work(key)));
            PutBack();
            Assert.True(Verify(key, data, key.Sign(data, key.Hash)));
        }
    }

    [Fact]
    public void A_key_that_was_destroyed_or_replaced_signs_no_more()
    {
        var id = "";
        using (var first = Store.CreateSigning("k", SigningKeyType.EcP256))
        {
            id = first.Id;
        }

        Destroy();
        using var anew = Store.FindSigning("k") ?? Store.CreateSigning("k", SigningKeyType.EcP256);
        Assert.NotEqual(id, anew.Id);
    }

    [Fact]
    public void Hashes_that_do_not_go_with_it_are_refused()
    {
        using var key = Store.CreateSigning("k", SigningKeyType.EcP256);

        Assert.Throws<ArgumentOutOfRangeException>(() => key.Sign(data, HashAlgorithmName.SHA1));
        Assert.Throws<ArgumentOutOfRangeException>(() => key.Sign(data, HashAlgorithmName.MD5));
    }

    internal abstract void PullOut();

    internal abstract void PutBack();

    /// <summary>The keys are gone for good, the store is not.</summary>
    internal abstract void Destroy();

    /// <summary>What an absent store cannot do: a signature, and for keys that are open in memory another look at them.</summary>
    internal virtual object Work(SigningKeyHandle key) => key.Sign(data, key.Hash);

    internal static void Refused(Func<object?> call, string words, KeysFault fault)
    {
        var error = Assert.Throws<KeysException>(call);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(fault, error.Fault);
    }

    private static bool Verify(SigningKeyHandle key, byte[] data, byte[] signature)
    {
        using var curve = key.PublicKey.GetECDsaPublicKey();
        using var rsa = key.PublicKey.GetRSAPublicKey();
        return curve?.VerifyData(data, signature, key.Hash, DSASignatureFormat.Rfc3279DerSequence) ?? rsa!.VerifyData(data, signature, key.Hash, RSASignaturePadding.Pkcs1);
    }

    private static void OneLine(KeysException error) => Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);

    private void OpenSslVerifies(SigningKeyHandle key, byte[] signature, bool isGood)
    {
        File.WriteAllText(folder.Path("public.pem"), PemEncoding.WriteString("PUBLIC KEY", key.PublicKeyInfo.Span));
        File.WriteAllBytes(folder.Path("signature"), signature);
        File.WriteAllBytes(folder.Path("data"), data);
        Assert.Equal(isGood, OpenSsl("dgst", key.Hash == HashAlgorithmName.SHA384 ? "-sha384" : "-sha256", "-verify", folder.Path("public.pem"), "-signature", folder.Path("signature"), folder.Path("data")) == 0);
    }

    private static int OpenSsl(params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = run.StandardError.ReadToEndAsync();
        run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        _ = errors.Result;
        return run.ExitCode;
    }
}
