using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>The CA of a policy with its private key: read from what an operator gives, made anew, or opened to sign. The key never leaves but sealed.</summary>
internal sealed class IssuingAuthority : IDisposable
{
    // What the vault seals at most holds every elliptic key and RSA up to this.
    private const int MaxRsaBits = 4096;
    private const int MaxKeyCharacters = 8 * 1024;
    private const string KeyLabel = "PRIVATE KEY";

    /// <summary>Of a CA that the service makes itself.</summary>
    private static readonly TimeSpan OwnLife = TimeSpan.FromDays(3650);

    private readonly AsymmetricAlgorithm key;

    private IssuingAuthority(X509Certificate2 certificate, AsymmetricAlgorithm key) => (Certificate, this.key) = (certificate, key);

    internal X509Certificate2 Certificate { get; }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }

    /// <summary>A CA of the service's own: a self-signed root that signs for devices and for nothing below them.</summary>
    internal static IssuingAuthority Make(string policy, string service, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName(service);
        name.AddCommonName(policy.Length <= CertificateSigningRequest.MaxNameCharacters ? policy : policy[..CertificateSigningRequest.MaxNameCharacters]);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var from = DeviceCertificate.Begin(now);
        return new IssuingAuthority(request.Create(request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from, from + OwnLife, DeviceCertificate.NewSerial()), key);
    }

    /// <summary>A CA that an operator brings. ArgumentInvalid: not a CA, ended, another key, a form that is not taken.</summary>
    /// <param name="certificate">PEM, or base64 of DER.</param>
    /// <param name="privateKey">PKCS #8, PEM, not encrypted.</param>
    /// <param name="maxCertificateBytes">Bytes of DER.</param>
    /// <param name="now">For its dates.</param>
    internal static Result<IssuingAuthority> Read(string certificate, string privateKey, int maxCertificateBytes, DateTimeOffset now)
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

        var loaded = X509CertificateLoader.LoadCertificate(der.Value);
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

    /// <exception cref="KeysException">The key does not open.</exception>
    internal static IssuingAuthority Open(CredentialPolicyRow policy, SecretVault vault)
    {
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

    /// <summary>Its private key, for the store.</summary>
    internal byte[] Seal(SecretVault vault, string binding)
    {
        var clear = key.ExportPkcs8PrivateKey();
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
        request.Create(Certificate.SubjectName, key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key), notBefore, notAfter, serial);

    /// <summary>The hash that goes with its key.</summary>
    internal HashAlgorithmName Hash => key switch
    {
        ECDsa { KeySize: 384 } => HashAlgorithmName.SHA384,
        ECDsa { KeySize: > 384 } => HashAlgorithmName.SHA512,
        _ => HashAlgorithmName.SHA256,
    };

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
        var probe = Encoding.ASCII.GetBytes("does this key sign for this certificate");
        if (key is RSA rsa)
        {
            using var of = certificate.GetRSAPublicKey();
            return of is not null && of.VerifyData(probe, rsa.SignData(probe, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        using var curve = certificate.GetECDsaPublicKey();
        return curve is not null && curve.VerifyData(probe, ((ECDsa)key).SignData(probe, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256);
    }

    private static HubError Invalid(string message) => ProvisioningErrors.ArgumentInvalid.With(message);
}
