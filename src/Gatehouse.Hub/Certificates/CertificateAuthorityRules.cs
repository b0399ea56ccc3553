using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>Whether a certificate may become a trust anchor of a hub. Pure; RFC 5280 sections are named at each rule.</summary>
internal static class CertificateAuthorityRules
{
    private const int MaxSubjectBytes = 2048;

    internal static Result<CertificateFields> Check(byte[] der, DateTimeOffset now)
    {
        var read = CertificateFields.Read(der);
        if (!read.IsOk)
        {
            return read;
        }

        var certificate = read.Value;
        if (CheckRole(certificate) is { } role)
        {
            return role;
        }

        // An authority that starts tomorrow may be uploaded today; one that ended never works again.
        if (certificate.NotAfter < now)
        {
            return CertificateFields.Broken($"it expired at {certificate.NotAfter.UtcDateTime:u}");
        }

        var scheme = SignatureScheme.Read(certificate.SignatureAlgorithm);
        if (!scheme.IsOk)
        {
            return scheme.Error;
        }

        var key = CertificateKey.Read(certificate.PublicKeyInfo);
        if (!key.IsOk)
        {
            return key.Error;
        }

        key.Value.Dispose();
        return IsLoadable(der, certificate) ? certificate : CertificateFields.Broken("its names cannot be read");
    }

    private static HubError? CheckRole(CertificateFields certificate)
    {
        // RFC 5280 §4.1.2.6: an authority has a subject; 0x30 0x00 is the empty name.
        if (certificate.Subject.Length <= 2)
        {
            return CertificateFields.Broken("its subject is empty");
        }

        if (certificate.Subject.Length > MaxSubjectBytes)
        {
            return CertificateFields.Broken($"its subject is longer than {MaxSubjectBytes} bytes");
        }

        // RFC 5280 §4.2.1.9
        if (!certificate.Extensions.IsAuthority)
        {
            return CertificateFields.Broken("it is not a CA certificate (basicConstraints has no CA flag)");
        }

        // RFC 5280 §4.2.1.3
        return certificate.Extensions.KeyUsage is { } usage && (usage & X509KeyUsageFlags.KeyCertSign) == 0
            ? CertificateFields.Broken("its key usage does not allow it to sign certificates")
            : certificate.NotAfter < certificate.NotBefore ? CertificateFields.Broken("it ends before it begins") : null;
    }

    // What the platform cannot load, path validation could not use either.
    private static bool IsLoadable(byte[] der, CertificateFields certificate)
    {
        try
        {
            using var loaded = X509CertificateLoader.LoadCertificate(der);
            return CommonNames.Read(certificate.Subject) is not null && loaded.Subject.Length > 0;
        }
        catch (Exception error) when (error is CryptographicException or AsnContentException)
        {
            return false;
        }
    }
}
