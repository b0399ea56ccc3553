using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.CertificateStatus;

/// <summary>Who signs answers in the name of a CA: a key that exists in this process only, with a certificate of the CA that is good for nothing else and for a day. Source: RFC 6960 §4.2.2.2.</summary>
internal sealed class StatusResponder : IDisposable
{
    /// <summary>How long its certificate is good.</summary>
    internal static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string OcspSigning = "1.3.6.1.5.5.7.3.9";

    // Who signs this is not asked about: it is not good for long, and who could say so but itself (§4.2.2.2.1).
    private static readonly X509Extension NoCheck = new("1.3.6.1.5.5.7.48.1.5", [0x05, 0x00], critical: false);

    private readonly Lock gate = new();
    private readonly AsymmetricAlgorithm key;
    private readonly X509SignatureGenerator generator;
    private bool isClosed;

    private StatusResponder(AsymmetricAlgorithm key, X509SignatureGenerator generator, X509Certificate2 certificate, X509Certificate2 authority, DateTimeOffset made)
    {
        (this.key, this.generator, Certificate, Authority) = (key, generator, certificate, authority);
        Algorithm = generator.GetSignatureAlgorithmIdentifier(HashAlgorithmName.SHA256);
        KeyHash = CryptographicOperations.HashData(HashAlgorithmName.SHA1, certificate.PublicKey.EncodedKeyValue.RawData);
        (NotBefore, NotAfter) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        Renewal = made + (Life / 2);
    }

    internal X509Certificate2 Certificate { get; }

    /// <summary>The CA that it speaks for.</summary>
    internal X509Certificate2 Authority { get; }

    internal DateTimeOffset NotBefore { get; }

    internal DateTimeOffset NotAfter { get; }

    /// <summary>When another is to take its place.</summary>
    internal DateTimeOffset Renewal { get; }

    /// <summary>AlgorithmIdentifier of its signatures, DER.</summary>
    internal ReadOnlyMemory<byte> Algorithm { get; }

    /// <summary>SHA-1 of its public key, by which answers name it.</summary>
    internal ReadOnlyMemory<byte> KeyHash { get; }

    /// <summary>Makes a key, of a kind that who trusts the CA can verify: for an RSA one RSA, else P-256.</summary>
    /// <param name="issuing">The CA, opened.</param>
    /// <param name="policy">Name of its policy.</param>
    /// <param name="now">When.</param>
    internal static StatusResponder Make(IssuingAuthority issuing, string policy, DateTimeOffset now)
    {
        AsymmetricAlgorithm key = issuing.Certificate.PublicKey.Oid.Value == Rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            var certificate = Certify(issuing, key, policy, now);
            return new StatusResponder(key, GeneratorOf(key), certificate, X509CertificateLoader.LoadCertificate(issuing.Certificate.RawDataMemory.Span), now);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Whether it can speak for a policy now.</summary>
    internal bool Serves(CredentialPolicyRow policy, DateTimeOffset now) =>
        NotBefore <= now && now < NotAfter && Authority.RawDataMemory.Span.SequenceEqual(Convert.FromBase64String(policy.Certificate));

    /// <summary>Null when it is closed.</summary>
    internal byte[]? Sign(byte[] data)
    {
        lock (gate)
        {
            return isClosed ? null : generator.SignData(data, HashAlgorithmName.SHA256);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isClosed = true;
            key.Dispose();
        }

        Certificate.Dispose();
        Authority.Dispose();
    }

    private static X509SignatureGenerator GeneratorOf(AsymmetricAlgorithm key) =>
        key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);

    private static X509Certificate2 Certify(IssuingAuthority issuing, AsymmetricAlgorithm key, string policy, DateTimeOffset now)
    {
        // No device can be called so: names of devices have no spaces.
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationalUnitName("OCSP responder");
        name.AddCommonName(DeviceCertificate.Fit($"OCSP responder of {policy}"));
        var request = key is RSA rsa
            ? new CertificateRequest(name.Build(), rsa, issuing.Hash, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name.Build(), (ECDsa)key, issuing.Hash);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new Oid(OcspSigning)], critical: true));
        extensions.Add(NoCheck);
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        extensions.Add(DeviceCertificate.KeyIdentifierOf(issuing.Certificate));
        var (from, to) = DeviceCertificate.Within(issuing.Certificate, now, Life);
        return issuing.Sign(request, from, to, DeviceCertificate.NewSerial());
    }
}
