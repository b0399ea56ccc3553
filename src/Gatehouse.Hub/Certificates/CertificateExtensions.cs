using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>The extensions that decide whether a certificate may sign others (RFC 5280 §4.2.1.3, §4.2.1.9).</summary>
/// <param name="IsAuthority"><c>cA</c> of basicConstraints; false when the extension is missing.</param>
/// <param name="KeyUsage">Null when the extension is missing.</param>
internal sealed record CertificateExtensions(bool IsAuthority, X509KeyUsageFlags? KeyUsage)
{
    private const string BasicConstraintsOid = "2.5.29.19";
    private const string KeyUsageOid = "2.5.29.15";

    // Critical ones that path validation understands: SAN, name constraints, certificate policies, policy constraints, EKU, inhibitAnyPolicy.
    private static readonly HashSet<string> Understood =
        [BasicConstraintsOid, KeyUsageOid, "2.5.29.17", "2.5.29.30", "2.5.29.32", "2.5.29.36", "2.5.29.37", "2.5.29.54"];

    internal static Result<CertificateExtensions> None => new CertificateExtensions(IsAuthority: false, KeyUsage: null);

    internal static Result<CertificateExtensions> Read(AsnReader list)
    {
        var seen = new HashSet<string>();
        var found = new CertificateExtensions(IsAuthority: false, KeyUsage: null);
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            var value = new AsnReader(extension.ReadOctetString(), AsnEncodingRules.DER);
            extension.ThrowIfNotEmpty();
            if (!seen.Add(oid))
            {
                return CertificateFields.Broken($"extension {oid} appears twice");
            }

            if (critical && !Understood.Contains(oid))
            {
                return CertificateFields.Broken($"critical extension {oid} is not understood");
            }

            found = oid switch
            {
                BasicConstraintsOid => found with { IsAuthority = ReadIsAuthority(value) },
                KeyUsageOid => found with { KeyUsage = ReadKeyUsage(value) },
                _ => found,
            };
        }

        return found;
    }

    private static bool ReadIsAuthority(AsnReader value)
    {
        var constraints = value.ReadSequence();
        value.ThrowIfNotEmpty();
        return constraints.HasData && constraints.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && constraints.ReadBoolean();
    }

    private static X509KeyUsageFlags ReadKeyUsage(AsnReader value)
    {
        var bits = value.ReadBitString(out _);
        value.ThrowIfNotEmpty();
        return bits.Length == 0 ? X509KeyUsageFlags.None : (X509KeyUsageFlags)bits[0];
    }
}
