using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Identity.Tests.Tpm;

/// <summary>A maker of TPMs with a root of its own, that certifies endorsement keys as makers do: no subject, and a critical alternative name that says which TPM.</summary>
internal sealed class TpmMaker : IDisposable
{
    internal const string EndorsementKeyUsage = "2.23.133.8.1";

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DateTimeOffset now;

    internal TpmMaker(DateTimeOffset now, string name = "Maker Root")
    {
        this.now = now;
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Root = request.CreateSelfSigned(now.AddYears(-1), now.AddYears(10));
    }

    internal X509Certificate2 Root { get; }

    /// <param name="endorsementKey">TPM2B_PUBLIC of RSA 2048 or P-256.</param>
    /// <param name="change">What is other than with a good one.</param>
    internal byte[] Certify(byte[] endorsementKey, Action<TpmCertificate>? change = null)
    {
        var wanted = new TpmCertificate { End = now.AddYears(5) };
        change?.Invoke(wanted);
        var request = new CertificateRequest(new X500DistinguishedName(wanted.Subject), KeyOf(endorsementKey), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(wanted.IsAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(wanted.KeyUsage, true));
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", AlternativeName(wanted.NameType), critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Root, true, false));
        if (wanted.Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        if (wanted.CriticalExtension is { } oid)
        {
            request.CertificateExtensions.Add(new X509Extension(oid, [5, 0], critical: true));
        }

        using var made = request.Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now.AddDays(-30), wanted.End, [0x11, .. RandomNumberGenerator.GetBytes(7)]);
        return made.RawData;
    }

    public void Dispose()
    {
        key.Dispose();
        Root.Dispose();
    }

    private static PublicKey KeyOf(byte[] area)
    {
        if (area[3] == 1)
        {
            using var rsa = RSA.Create(new RSAParameters { Modulus = area[^256..], Exponent = [1, 0, 1] });
            return new PublicKey(rsa);
        }

        using var point = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = area[^66..^34], Y = area[^32..] } });
        return new PublicKey(point);
    }

    // One directoryName with one attribute.
    private static byte[] AlternativeName(string type)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
        using (writer.PushSequence())
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(type);
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, "id:00001014");
        }

        return writer.Encode();
    }
}

/// <summary>The certificate of an endorsement key, still to be made.</summary>
internal sealed class TpmCertificate
{
    internal string Subject { get; set; } = "";

    /// <summary>Of the alternative name; tcg-at-tpmManufacturer.</summary>
    internal string NameType { get; set; } = "2.23.133.2.1";

    internal string? Usage { get; set; } = TpmMaker.EndorsementKeyUsage;

    internal X509KeyUsageFlags KeyUsage { get; set; } = X509KeyUsageFlags.KeyEncipherment;

    internal bool IsAuthority { get; set; }

    internal string? CriticalExtension { get; set; }

    internal DateTimeOffset End { get; set; }
}
