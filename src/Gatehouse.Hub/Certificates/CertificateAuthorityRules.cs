using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity.X509;

namespace Gatehouse.Hub.Certificates;

/// <summary>Whether a certificate may become a trust anchor of a hub. The rules are Identity's, by which devices are judged under it later.</summary>
internal static class CertificateAuthorityRules
{
    internal static Result<AuthorityCertificate> Check(byte[] der, DateTimeOffset now)
    {
        if (!AuthorityCertificate.TryRead(der, out var authority, out var fault))
        {
            return Broken(fault);
        }

        // An authority that starts tomorrow may be uploaded today; one that ended never works again.
        return authority.NotAfter < now ? Broken($"it expired at {authority.NotAfter.UtcDateTime:u}")
            : IsLoadable(der) ? authority
            : Broken("the platform cannot read it");
    }

    internal static HubError Broken(string why) => HubErrors.ArgumentInvalid.With($"The certificate cannot be used: {why}.");

    // Anchors are handed on as the platform's own certificates.
    private static bool IsLoadable(byte[] der)
    {
        try
        {
            using var loaded = X509CertificateLoader.LoadCertificate(der);
            return loaded.Subject.Length > 0 && loaded.RawDataMemory.Span.SequenceEqual(der);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
