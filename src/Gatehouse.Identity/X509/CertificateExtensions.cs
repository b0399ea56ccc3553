using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Identity.X509;

/// <summary>The extensions of a certificate that path validation looks at. RFC 5280 §4.2.</summary>
internal sealed class CertificateExtensions
{
    // Those that are processed here. Any other critical one makes a certificate unusable (§4.2); so do the policy extensions, which may ask
    // for processing that a hub has no use for, and those that an issuer must not mark critical (AKI, SKI, AIA).
    private static readonly HashSet<string> Processed =
        [Oids.BasicConstraints, Oids.KeyUsage, Oids.ExtendedKeyUsage, Oids.SubjectAltName, Oids.NameConstraints, Oids.CertificatePolicies];

    private readonly HashSet<string> seen = [];

    internal string? UnknownCritical { get; private set; }

    internal string? PolicyRule { get; private set; }

    internal bool HasBasicConstraints { get; private set; }

    internal bool IsAuthority { get; private set; }

    /// <summary>How many CAs that are not self-issued may follow; null for any number.</summary>
    internal int? PathLength { get; private set; }

    internal X509KeyUsageFlags? KeyUsage { get; private set; }

    internal IReadOnlyList<string>? ExtendedKeyUsage { get; private set; }

    internal IReadOnlyList<GeneralName> AlternativeNames { get; private set; } = [];

    internal bool IsAlternativeNameCritical { get; private set; }

    internal NameConstraints? NameConstraints { get; private set; }

    internal ReadOnlyMemory<byte>? SubjectKeyIdentifier { get; private set; }

    internal ReadOnlyMemory<byte>? AuthorityKeyIdentifier { get; private set; }

    /// <exception cref="AsnContentException">Malformed or doubled extensions.</exception>
    internal static CertificateExtensions Read(AsnReader list)
    {
        var extensions = new CertificateExtensions();
        do
        {
            extensions.ReadOne(list.ReadSequence());
        }
        while (list.HasData);

        return extensions;
    }

    private void ReadOne(AsnReader extension)
    {
        var oid = extension.ReadObjectIdentifier();
        var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
        var content = extension.ReadOctetString();
        extension.ThrowIfNotEmpty();
        if (!seen.Add(oid))
        {
            throw new AsnContentException($"the extension {oid} occurs twice (RFC 5280 §4.2)");
        }

        if (isCritical && !Processed.Contains(oid))
        {
            UnknownCritical ??= oid;
        }

        if (oid is Oids.PolicyMappings or Oids.PolicyConstraints or Oids.InhibitAnyPolicy)
        {
            PolicyRule ??= oid;
        }

        var reader = new AsnReader(content, AsnEncodingRules.DER);
        if (ReadContent(oid, isCritical, reader))
        {
            reader.ThrowIfNotEmpty();
        }
    }

    private bool ReadContent(string oid, bool isCritical, AsnReader reader)
    {
        switch (oid)
        {
            case Oids.BasicConstraints:
                ReadBasicConstraints(reader.ReadSequence());
                return true;
            case Oids.KeyUsage:
                KeyUsage = ReadKeyUsage(reader);
                return true;
            case Oids.ExtendedKeyUsage:
                ExtendedKeyUsage = ReadAtLeastOne(reader, static r => r.ReadObjectIdentifier());
                return true;
            case Oids.SubjectAltName:
                AlternativeNames = ReadAtLeastOne(reader, ReadName);
                IsAlternativeNameCritical = isCritical;
                return true;
            case Oids.NameConstraints:
                NameConstraints = NameConstraints.Read(reader);
                return true;
            case Oids.SubjectKeyIdentifier:
                SubjectKeyIdentifier = reader.ReadOctetString();
                return true;
            case Oids.AuthorityKeyIdentifier:
                AuthorityKeyIdentifier = ReadAuthorityKeyIdentifier(reader.ReadSequence());
                return true;
            default:
                return false;
        }
    }

    private void ReadBasicConstraints(AsnReader sequence)
    {
        HasBasicConstraints = true;
        IsAuthority = sequence.HasData && sequence.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && sequence.ReadBoolean();
        if (sequence.HasData)
        {
            PathLength = sequence.TryReadInt32(out var length) && length >= 0 ? length : throw new AsnContentException();
        }

        sequence.ThrowIfNotEmpty();
    }

    private static X509KeyUsageFlags ReadKeyUsage(AsnReader reader)
    {
        // DER bit strings are numbered from the left; X509KeyUsageFlags holds bit 0 as 0x80 and bit 8 (decipherOnly) as 0x8000.
        var bits = reader.ReadBitString(out _);
        return bits.Length switch
        {
            1 => (X509KeyUsageFlags)bits[0],
            2 => (X509KeyUsageFlags)(bits[0] | (bits[1] << 8)),
            _ => throw new AsnContentException(),
        };
    }

    private static GeneralName ReadName(AsnReader reader)
    {
        var name = GeneralName.Read(reader);
        return name.Form != NameForm.IpAddress || name.Bytes.Length is 4 or 16 ? name : throw new AsnContentException();
    }

    private static List<T> ReadAtLeastOne<T>(AsnReader reader, Func<AsnReader, T> read)
    {
        var sequence = reader.ReadSequence();
        var items = new List<T>();
        do
        {
            items.Add(read(sequence));
        }
        while (sequence.HasData);

        return items;
    }

    /// <summary>The key identifier; null when there is none.</summary>
    internal static ReadOnlyMemory<byte>? ReadAuthorityKeyIdentifier(AsnReader sequence)
    {
        var keyId = new Asn1Tag(TagClass.ContextSpecific, 0);
        return sequence.HasData && sequence.PeekTag().HasSameClassAndValue(keyId) ? sequence.ReadOctetString(keyId) : null;
    }
}
