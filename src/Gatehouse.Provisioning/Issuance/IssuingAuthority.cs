using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;
using Gatehouse.Keys;
using Gatehouse.Keys.Signing;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>The CA of a policy with its private key, which is sealed with the policy or lies in a key store: read from what an operator gives, made anew, or opened to sign. The key never leaves but sealed. For one thread at a time.</summary>
internal sealed class IssuingAuthority : IDisposable
{
    // What the vault seals at most holds every elliptic key and RSA up to this.
    private const int MaxRsaBits = 4096;
    private const int MaxKeyCharacters = 8 * 1024;
    private const string KeyLabel = "PRIVATE KEY";

    /// <summary>Of a CA that the service makes itself.</summary>
    private static readonly TimeSpan OwnLife = TimeSpan.FromDays(3650);

    private static readonly byte[] Probe = Encoding.ASCII.GetBytes("does this key sign for this certificate");

    private readonly IDisposable key;

    private IssuingAuthority(X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        (Certificate, this.key) = (certificate, key);
        Generator = key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        Hash = key switch
        {
            ECDsa { KeySize: 384 } => HashAlgorithmName.SHA384,
            ECDsa { KeySize: > 384 } => HashAlgorithmName.SHA512,
            _ => HashAlgorithmName.SHA256,
        };
    }

    private IssuingAuthority(X509Certificate2 certificate, KeyAddress address, SigningKeyHandle handle)
    {
        (Certificate, key, SigningKey) = (certificate, handle, address);
        (Generator, Hash) = (handle.CreateGenerator(), handle.Hash);
    }

    internal X509Certificate2 Certificate { get; }

    /// <summary>Signs in its name, with <see cref="Hash"/>: device certificates, revocation lists, OCSP answers.</summary>
    internal X509SignatureGenerator Generator { get; }

    /// <summary>The hash that goes with its key.</summary>
    internal HashAlgorithmName Hash { get; }

    /// <summary>Where its key lies in a key store; null for one that is sealed with the policy.</summary>
    internal KeyAddress? SigningKey { get; }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }

    /// <summary>A CA of the service's own: a self-signed root that signs for devices and for nothing below them.</summary>
    internal static IssuingAuthority Make(string policy, string service, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return new IssuingAuthority(Root(policy, service, now, new PublicKey(key), X509SignatureGenerator.CreateForECDsa(key), HashAlgorithmName.SHA384), key);
    }

    /// <summary>The same of a key in a key store.</summary>
    /// <exception cref="KeysException">It does not sign.</exception>
    internal static Result<IssuingAuthority> Make(string policy, string service, DateTimeOffset now, KeyAddress address, SigningKeyHandle handle) =>
        Owning(handle, () =>
        {
            var authority = new IssuingAuthority(Root(policy, service, now, handle.PublicKey, handle.CreateGenerator(), handle.Hash), address, handle);
            return Fits(handle, authority.Certificate) ? authority : Invalid($"What the key '{address}' signs does not verify.");
        });

    private static X509Certificate2 Root(string policy, string service, DateTimeOffset now, PublicKey key, X509SignatureGenerator generator, HashAlgorithmName hash)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName(service);
        name.AddCommonName(DeviceCertificate.Fit(policy));
        var request = new CertificateRequest(name.Build(), key, hash);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var from = DeviceCertificate.Begin(now);
        return request.Create(request.SubjectName, generator, from, from + OwnLife, DeviceCertificate.NewSerial());
    }

    /// <summary>A CA that an operator brings. ArgumentInvalid: not a CA, ended, another key, a form that is not taken.</summary>
    /// <param name="certificate">PEM, or base64 of DER.</param>
    /// <param name="privateKey">PKCS #8, PEM, not encrypted.</param>
    /// <param name="maxCertificateBytes">Bytes of DER.</param>
    /// <param name="now">For its dates.</param>
    internal static Result<IssuingAuthority> Read(string certificate, string privateKey, int maxCertificateBytes, DateTimeOffset now)
    {
        var read = ReadCertificate(certificate, maxCertificateBytes, now);
        if (!read.IsOk)
        {
            return read.Error;
        }

        var loaded = read.Value;
        try
        {
            var key = ReadKey(privateKey, loaded);
            if (key.IsOk)
            {
                return new IssuingAuthority(loaded, key.Value);
            }

            loaded.Dispose();
            return key.Error;
        }
        catch (CryptographicException)
        {
            loaded.Dispose();
            return Invalid("The private key cannot be read.");
        }
    }

    /// <summary>A CA whose certificate an operator brings, for a key that lies in a key store.</summary>
    /// <param name="certificate">PEM, or base64 of DER.</param>
    /// <param name="address">Where the key is.</param>
    /// <param name="handle">The key; the CA owns it.</param>
    /// <param name="maxCertificateBytes">Bytes of DER.</param>
    /// <param name="now">For its dates.</param>
    /// <exception cref="KeysException">It does not sign.</exception>
    internal static Result<IssuingAuthority> Read(string certificate, KeyAddress address, SigningKeyHandle handle, int maxCertificateBytes, DateTimeOffset now) =>
        Owning(handle, () =>
        {
            var read = ReadCertificate(certificate, maxCertificateBytes, now);
            return !read.IsOk ? read.Error
                : Fits(handle, read.Value) ? new IssuingAuthority(read.Value, address, handle)
                : Invalid($"The key '{address}' is not that of the certificate.");
        });

    private static Result<X509Certificate2> ReadCertificate(string certificate, int maxCertificateBytes, DateTimeOffset now)
    {
        var der = CertificateText.Read(certificate, maxCertificateBytes);
        if (!der.IsOk)
        {
            return der.Error;
        }

        if (!AuthorityCertificate.TryRead(der.Value, out var authority, out var fault))
        {
            return Invalid($"The certificate cannot sign for devices: {fault}.");
        }

        if (authority.NotAfter <= now)
        {
            return Invalid($"The certificate expired at {authority.NotAfter.UtcDateTime:u}.");
        }

        return X509CertificateLoader.LoadCertificate(der.Value);
    }

    /// <exception cref="KeysException">The key does not open, has become another, or its key store cannot be reached.</exception>
    internal static IssuingAuthority Open(CredentialPolicyRow policy, SecretVault vault)
    {
        if (policy.SigningKey.Length > 0)
        {
            return OpenStored(policy, vault.Custody.Stores);
        }

        var certificate = CertificateText.Load(policy.Certificate);
        var clear = vault.Reveal(policy.Key, policy.Binding);
        try
        {
            return new IssuingAuthority(certificate, Import(clear, certificate));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Its private key, for the store; empty where the key lies in a key store.</summary>
    internal byte[] Seal(SecretVault vault, string binding)
    {
        if (key is not AsymmetricAlgorithm software)
        {
            return [];
        }

        var clear = software.ExportPkcs8PrivateKey();
        try
        {
            return vault.Seal(clear, binding).Blob.ToArray();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    /// <summary>Signs what becomes a device's certificate.</summary>
    internal X509Certificate2 Sign(CertificateRequest request, DateTimeOffset notBefore, DateTimeOffset notAfter, byte[] serial) =>
        request.Create(Certificate.SubjectName, Generator, notBefore, notAfter, serial);

    private static IssuingAuthority OpenStored(CredentialPolicyRow policy, KeyStores stores)
    {
        var address = KeyAddress.TryParse(policy.SigningKey, out var read) ? read : throw new KeysException($"'{policy.SigningKey}' is no address of a key.");
        var handle = stores.OpenSigning(address);
        var certificate = CertificateText.Load(policy.Certificate);
        if (handle.PublicKeyInfo.Span.SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
        {
            return new IssuingAuthority(certificate, address, handle);
        }

        handle.Dispose();
        certificate.Dispose();
        throw new KeysException($"The key '{address}' is another than that of the CA. Give it back, from the backup of its store.");
    }

    private static Result<IssuingAuthority> Owning(SigningKeyHandle handle, Func<Result<IssuingAuthority>> make)
    {
        var isOwned = false;
        try
        {
            var made = make();
            isOwned = made.IsOk;
            return made;
        }
        finally
        {
            if (!isOwned)
            {
                handle.Dispose();
            }
        }
    }

    // As below: what it signs is judged by the certificate.
    private static bool Fits(SigningKeyHandle handle, X509Certificate2 certificate)
    {
        if (!handle.PublicKeyInfo.Span.SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
        {
            return false;
        }

        var signature = handle.Sign(Probe, handle.Hash);
        using var curve = certificate.GetECDsaPublicKey();
        using var rsa = certificate.GetRSAPublicKey();
        return curve?.VerifyData(Probe, signature, handle.Hash, DSASignatureFormat.Rfc3279DerSequence) ?? rsa?.VerifyData(Probe, signature, handle.Hash, RSASignaturePadding.Pkcs1) ?? false;
    }

    private static Result<AsymmetricAlgorithm> ReadKey(string text, X509Certificate2 certificate)
    {
        if (text.Length > MaxKeyCharacters || !PemEncoding.TryFind(text, out var block))
        {
            return Invalid("The private key must be PEM text.");
        }

        var label = text.AsSpan()[block.Label];
        if (!label.SequenceEqual(KeyLabel) || text.AsSpan()[block.Location.End..].Contains("-----BEGIN", StringComparison.Ordinal))
        {
            return Invalid(label.SequenceEqual("ENCRYPTED PRIVATE KEY")
                ? "The private key is encrypted: send it without its password (openssl pkcs8 -topk8 -nocrypt)."
                : "The private key must be one PKCS #8 block (BEGIN PRIVATE KEY) and nothing else: openssl pkcs8 -topk8 -nocrypt makes one.");
        }

        var clear = Convert.FromBase64String(text[block.Base64Data]);
        try
        {
            var key = Import(clear, certificate);
            if (key is RSA { KeySize: > MaxRsaBits })
            {
                key.Dispose();
                return Invalid($"An RSA key of a CA has at most {MaxRsaBits} bits.");
            }

            if (!Fits(key, certificate))
            {
                key.Dispose();
                return Invalid("The private key is not that of the certificate.");
            }

            return key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    private static AsymmetricAlgorithm Import(byte[] pkcs8, X509Certificate2 certificate)
    {
        AsymmetricAlgorithm key = certificate.PublicKey.Oid.Value == "1.2.840.113549.1.1.1" ? RSA.Create() : ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var read);
            return read == pkcs8.Length ? key : throw new CryptographicException("Something follows the key.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    // A signature says it, whatever the key claims of its public half.
    private static bool Fits(AsymmetricAlgorithm key, X509Certificate2 certificate)
    {
        if (key is RSA rsa)
        {
            using var of = certificate.GetRSAPublicKey();
            return of is not null && of.VerifyData(Probe, rsa.SignData(Probe, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        using var curve = certificate.GetECDsaPublicKey();
        return curve is not null && curve.VerifyData(Probe, ((ECDsa)key).SignData(Probe, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256);
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
