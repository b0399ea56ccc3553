using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Identity.X509;

/// <summary>Validity dates in whole seconds, both ends included.</summary>
/// <remarks>RFC 5280 §4.1.2.5. Fractions of the current second are dropped, as the dates have none: a certificate is good to the end of its last second.</remarks>
internal static class CertificateDates
{
    internal static RefusalReason? Fault(X509Certificate2 certificate, DateTimeOffset now) =>
        Fault(new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter), now);

    internal static RefusalReason? Fault(DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset now) =>
        now.ToUnixTimeSeconds() > notAfter.ToUnixTimeSeconds() ? RefusalReason.CertificateExpired
        : now.ToUnixTimeSeconds() < notBefore.ToUnixTimeSeconds() ? RefusalReason.CertificateNotYetValid
        : null;

    internal static string Describe(X509Certificate2 certificate, DateTimeOffset now) =>
        $"The certificate is valid from {Text(certificate.NotBefore.ToUniversalTime())} to {Text(certificate.NotAfter.ToUniversalTime())}; it is {Text(now.UtcDateTime)} now.";

    private static string Text(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
