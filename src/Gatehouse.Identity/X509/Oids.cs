namespace Gatehouse.Identity.X509;

/// <summary>Object identifiers by the names of RFC 5280, 4055, 5758 and 5480.</summary>
internal static class Oids
{
    internal const string CommonName = "2.5.4.3";
    internal const string EmailAddress = "1.2.840.113549.1.9.1";

    internal const string SubjectKeyIdentifier = "2.5.29.14";
    internal const string KeyUsage = "2.5.29.15";
    internal const string SubjectAltName = "2.5.29.17";
    internal const string BasicConstraints = "2.5.29.19";
    internal const string NameConstraints = "2.5.29.30";
    internal const string CertificatePolicies = "2.5.29.32";
    internal const string AuthorityKeyIdentifier = "2.5.29.35";
    internal const string PolicyMappings = "2.5.29.33";
    internal const string PolicyConstraints = "2.5.29.36";
    internal const string InhibitAnyPolicy = "2.5.29.54";
    internal const string ExtendedKeyUsage = "2.5.29.37";

    internal const string CrlNumber = "2.5.29.20";
    internal const string CrlReason = "2.5.29.21";
    internal const string DeltaCrlIndicator = "2.5.29.27";
    internal const string IssuingDistributionPoint = "2.5.29.28";
    internal const string CertificateIssuer = "2.5.29.29";

    internal const string AnyExtendedKeyUsage = "2.5.29.37.0";
    internal const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>tcg-kp-EKCertificate of the TCG EK Credential Profile.</summary>
    internal const string EndorsementKeyCertificate = "2.23.133.8.1";

    /// <summary>tcg-at-tpmManufacturer, of the same.</summary>
    internal const string TpmManufacturer = "2.23.133.2.1";

    internal const string Rsa = "1.2.840.113549.1.1.1";
    internal const string EcPublicKey = "1.2.840.10045.2.1";
    internal const string P256 = "1.2.840.10045.3.1.7";
    internal const string P384 = "1.3.132.0.34";
    internal const string P521 = "1.3.132.0.35";

    internal const string RsaSha256 = "1.2.840.113549.1.1.11";
    internal const string RsaSha384 = "1.2.840.113549.1.1.12";
    internal const string RsaSha512 = "1.2.840.113549.1.1.13";
    internal const string RsaPss = "1.2.840.113549.1.1.10";
    internal const string Mgf1 = "1.2.840.113549.1.1.8";
    internal const string EcdsaSha256 = "1.2.840.10045.4.3.2";
    internal const string EcdsaSha384 = "1.2.840.10045.4.3.3";
    internal const string EcdsaSha512 = "1.2.840.10045.4.3.4";
    internal const string Sha256 = "2.16.840.1.101.3.4.2.1";
    internal const string Sha384 = "2.16.840.1.101.3.4.2.2";
    internal const string Sha512 = "2.16.840.1.101.3.4.2.3";
}
