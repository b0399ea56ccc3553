using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Identity.X509;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>What a certificate of a device says: its registration id, its key, client authentication, where its CA publishes what is revoked, and nothing that its request asked for beside that.</summary>
/// <remarks>RFC 5280 §4; a leaf that the path rules of this server and openssl take.</remarks>
internal static class DeviceCertificate
{
    private const int SerialBytes = 16;
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>Clocks of devices may be behind a little.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromMinutes(5);

    /// <param name="authority">Who signs.</param>
    /// <param name="request">Whose proof and name were found good.</param>
    /// <param name="name">Registration id.</param>
    /// <param name="life">It ends no later than the CA.</param>
    /// <param name="now">When.</param>
    /// <param name="published">What it says of where its CA publishes; see <see cref="PublishedAddresses"/>.</param>
    internal static X509Certificate2 Issue(IssuingAuthority authority, CertificateSigningRequest request, string name, TimeSpan life, DateTimeOffset now, IReadOnlyList<X509Extension> published)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        using var key = new Subject(request);
        var certificate = key.Request(subject.Build(), authority.Hash);
        var extensions = certificate.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuth)], critical: false));
        extensions.Add(new X509SubjectKeyIdentifierExtension(certificate.PublicKey, critical: false));
        extensions.Add(KeyIdentifierOf(authority.Certificate));
        if (request.WantsDnsName)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(name);
            extensions.Add(names.Build());
        }

        foreach (var extension in published)
        {
            extensions.Add(extension);
        }

        var (from, to) = Within(authority.Certificate, now, life);
        return authority.Sign(certificate, from, to, NewSerial());
    }

    /// <summary>From when to when a certificate is good that is made now: no longer than its CA.</summary>
    internal static (DateTimeOffset From, DateTimeOffset To) Within(X509Certificate2 authority, DateTimeOffset now, TimeSpan life)
    {
        var (from, to) = (new DateTimeOffset(authority.NotBefore.ToUniversalTime()), new DateTimeOffset(authority.NotAfter.ToUniversalTime()));
        var begin = Begin(now);
        return (begin > from ? begin : from, now + life < to ? now + life : to);
    }

    /// <summary>As much of a name as a common name may have.</summary>
    internal static string Fit(string name) => name.Length <= CertificateSigningRequest.MaxNameCharacters ? name : name[..CertificateSigningRequest.MaxNameCharacters];

    internal static DateTimeOffset Begin(DateTimeOffset now) => now - Backdated;

    /// <summary>Positive, and always of the same length: 126 bits of chance.</summary>
    internal static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return serial;
    }

    internal static X509AuthorityKeyIdentifierExtension KeyIdentifierOf(X509Certificate2 authority) =>
        authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } identifier
            ? X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier)
            : X509AuthorityKeyIdentifierExtension.CreateFromIssuerNameAndSerialNumber(authority.IssuerName, authority.SerialNumberBytes.Span);

    /// <summary>The key of a request, written anew: parameters that a request has beside it do not get into the certificate.</summary>
    private sealed class Subject : IDisposable
    {
        private readonly AsymmetricAlgorithm key;

        internal Subject(CertificateSigningRequest request)
        {
            key = request.Key is { Kind: PublicKeyKind.Rsa } ? RSA.Create() : ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(request.PublicKey.Span, out _);
        }

        internal CertificateRequest Request(X500DistinguishedName name, HashAlgorithmName hash) =>
            key is RSA rsa ? new CertificateRequest(name, rsa, hash, RSASignaturePadding.Pkcs1) : new CertificateRequest(name, (ECDsa)key, hash);

        public void Dispose() => key.Dispose();
    }
}
