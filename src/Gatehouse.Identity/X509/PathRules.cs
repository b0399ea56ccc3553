using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Audit;

namespace Gatehouse.Identity.X509;

/// <summary>The rules that hold along a path whose signatures are good, from the anchor down to the leaf. RFC 5280 §6.1.</summary>
/// <remarks>The anchor is held to the rules of an issuer too, its own dates and constraints included; only its signature and serial say nothing.</remarks>
internal sealed class PathRules(PathOptions options, CertificatePurpose purpose)
{
    /// <param name="path">Leaf first, anchor last; at least two.</param>
    /// <param name="now">Time of the judgement.</param>
    internal PathFinding Judge(IReadOnlyList<ParsedCertificate> path, DateTimeOffset now)
    {
        var names = new NameConstraintState(options.MaxNameComparisons);
        var remaining = int.MaxValue;
        for (var i = path.Count - 1; i >= 0; i--)
        {
            var certificate = path[i];
            var (isLeaf, isAnchor) = (i == 0, i == path.Count - 1);
            if (CertificateDates.Fault(certificate.NotBefore, certificate.NotAfter, now) is { } dates)
            {
                return PathFinding.Refused(dates, $"{Who(path, i)} is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}; it is {now:u} now.");
            }

            var fault = Common(certificate, isAnchor)
                ?? (isLeaf ? Leaf(certificate) : Issuer(certificate, isAnchor, ref remaining))
                ?? (isAnchor || (certificate.IsSelfIssued && !isLeaf) ? null : names.Fault(certificate));
            if (fault is not null)
            {
                return PathFinding.Refused(RefusalReason.CertificateInvalid, $"{Who(path, i)} is not acceptable: {fault}.");
            }

            if (certificate.Extensions.NameConstraints is { } constraints)
            {
                names.Add(constraints);
            }
        }

        return new PathFinding(null, "", path);
    }

    /// <summary>What keeps a certificate from ever being the end of a path, its dates aside; null when nothing does.</summary>
    internal string? AnchorFault(ParsedCertificate certificate)
    {
        var remaining = int.MaxValue;
        return Common(certificate, isAnchor: true) ?? Issuer(certificate, isAnchor: true, ref remaining);
    }

    private string? Common(ParsedCertificate certificate, bool isAnchor)
    {
        var extensions = certificate.Extensions;
        return extensions.UnknownCritical is { } oid ? $"it has the critical extension {oid}, which is not processed here (RFC 5280 §4.2)"
            : extensions.PolicyRule is { } rule ? $"it has the policy extension {rule}, which is not supported (RFC 5280 §4.2.1.11)"
            : !isAnchor && !certificate.IsSerialSane ? "its serial number is not a positive number of at most 20 octets (RFC 5280 §4.1.2.2)"
            : certificate.Issuer.IsEmpty ? "it names no issuer (RFC 5280 §4.1.2.4)"
            : extensions.ExtendedKeyUsage is { } usages && !usages.Contains(purpose.Usage) && !usages.Contains(Oids.AnyExtendedKeyUsage)
                ? $"its extended key usage does not allow {purpose.Word} (RFC 5280 §4.2.1.12)"
            : PublicKeyRules.Fault(certificate.PublicKey, options);
    }

    private string? Leaf(ParsedCertificate certificate)
    {
        var extensions = certificate.Extensions;
        return extensions.IsAuthority ? "it is a CA certificate (RFC 5280 §4.2.1.9)"
            : extensions.NameConstraints is not null ? "only a CA may have name constraints (RFC 5280 §4.2.1.10)"
            : extensions.KeyUsage is { } usages && usages.HasFlag(X509KeyUsageFlags.KeyCertSign) ? "it may sign certificates (RFC 5280 §4.2.1.3)"
            : extensions.KeyUsage is { } allowed && (allowed & purpose.KeyUsage) == 0
                ? $"its key usage does not allow {(purpose.KeyUsage == X509KeyUsageFlags.DigitalSignature ? "digitalSignature" : "to encipher or agree on keys")} (RFC 5280 §4.2.1.3)"
            : certificate.Subject.IsEmpty && !extensions.IsAlternativeNameCritical ? "it names no subject (RFC 5280 §4.1.2.6)"
            : null;
    }

    private static string? Issuer(ParsedCertificate certificate, bool isAnchor, ref int remaining)
    {
        var extensions = certificate.Extensions;
        if (!extensions.IsAuthority)
        {
            return extensions.HasBasicConstraints ? "it is not a CA (RFC 5280 §4.2.1.9)" : "it has no basic constraints and so is not a CA (RFC 5280 §4.2.1.9)";
        }

        if (extensions.KeyUsage is { } usages && !usages.HasFlag(X509KeyUsageFlags.KeyCertSign))
        {
            return "its key usage does not allow keyCertSign (RFC 5280 §4.2.1.3)";
        }

        if (certificate.Subject.IsEmpty)
        {
            return "it is a CA without a subject (RFC 5280 §4.1.2.6)";
        }

        // §6.1.4 (l), (m): self-issued certificates do not count.
        if (!isAnchor && !certificate.IsSelfIssued && remaining-- == 0)
        {
            return "the path below a CA is longer than its path length allows (RFC 5280 §4.2.1.9)";
        }

        remaining = Math.Min(remaining, extensions.PathLength ?? int.MaxValue);
        return null;
    }

    private string Who(IReadOnlyList<ParsedCertificate> path, int index) =>
        $"{(index == 0 ? "The certificate" : index == path.Count - 1 ? purpose.Anchor : $"Intermediate {index}")} {path[index].Subject}";
}
