using System.Formats.Asn1;
using System.Numerics;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>Extensions of a CRL and of its entries. RFC 5280 §5.2, §5.3.</summary>
internal sealed class CrlExtensions
{
    private const int MaxNumberBytes = 20;

    private readonly HashSet<string> seen = [];

    internal BigInteger? Number { get; private set; }

    /// <summary>Of a delta; null for a complete list.</summary>
    internal BigInteger? BaseNumber { get; private set; }

    internal ReadOnlyMemory<byte>? AuthorityKeyIdentifier { get; private set; }

    internal bool HasDistributionPoint { get; private set; }

    /// <summary>Why a list with these is not taken: the end of a sentence; null when it may be.</summary>
    internal string? Fault { get; private set; } = "it has no CRL number (RFC 5280 §5.2.3)";

    /// <param name="body">Stands at the [0] of the list.</param>
    /// <exception cref="AsnContentException">Malformed or doubled extensions.</exception>
    internal static CrlExtensions Read(AsnReader body)
    {
        var tagged = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true));
        var list = tagged.ReadSequence();
        tagged.ThrowIfNotEmpty();
        var extensions = new CrlExtensions();
        string? fault = null;
        do
        {
            var (oid, isCritical, content) = ReadOne(list, extensions.seen);
            fault = extensions.ReadContent(oid, isCritical, content) ?? fault;
        }
        while (list.HasData);

        extensions.Fault = fault
            ?? (extensions.Number is not { } number ? extensions.Fault
                : extensions.BaseNumber >= number ? "it is a delta whose number is not above that of its base (RFC 5280 §5.2.4)"
                : null);
        return extensions;
    }

    /// <summary>The extensions of one entry.</summary>
    /// <param name="entry">Stands at them.</param>
    /// <param name="isDelta">Whether an entry may be taken away.</param>
    /// <param name="reason">Null where it is.</param>
    /// <returns>Why it is not taken: the end of a sentence; null when it is.</returns>
    internal static string? ReadEntry(AsnReader entry, bool isDelta, out RevocationReason? reason)
    {
        reason = RevocationReason.Unspecified;
        var list = entry.ReadSequence();
        entry.ThrowIfNotEmpty();
        var seen = new HashSet<string>(2);
        do
        {
            var (oid, isCritical, content) = ReadOne(list, seen);
            if (oid == Oids.CrlReason)
            {
                if (!TryReadReason(content, isDelta, out reason))
                {
                    return "has a reason that is not allowed there (RFC 5280 §5.3.1)";
                }
            }
            else if (oid == Oids.CertificateIssuer)
            {
                return "is of another issuer: indirect lists are not taken (RFC 5280 §5.3.3)";
            }
            else if (isCritical)
            {
                return $"has the critical extension {oid}, which is not processed here";
            }
        }
        while (list.HasData);

        return null;
    }

    private static (string Oid, bool IsCritical, ReadOnlyMemory<byte> Content) ReadOne(AsnReader list, HashSet<string> seen)
    {
        var extension = list.ReadSequence();
        var oid = extension.ReadObjectIdentifier();
        var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
        var content = extension.ReadOctetString();
        extension.ThrowIfNotEmpty();
        return seen.Add(oid) ? (oid, isCritical, content) : throw new AsnContentException();
    }

    private string? ReadContent(string oid, bool isCritical, ReadOnlyMemory<byte> content)
    {
        var reader = new AsnReader(content, AsnEncodingRules.DER);
        switch (oid)
        {
            case Oids.CrlNumber:
                Number = ReadNumber(reader);
                break;
            case Oids.DeltaCrlIndicator:
                BaseNumber = ReadNumber(reader);
                break;
            case Oids.AuthorityKeyIdentifier:
                AuthorityKeyIdentifier = CertificateExtensions.ReadAuthorityKeyIdentifier(reader.ReadSequence());
                break;
            case Oids.IssuingDistributionPoint:
                var fault = ReadDistributionPoint(reader.ReadSequence());
                reader.ThrowIfNotEmpty();
                return fault;
            default:
                return isCritical ? $"it has the critical extension {oid}, which is not processed here (RFC 5280 §5.2)" : null;
        }

        reader.ThrowIfNotEmpty();
        return null;
    }

    // IssuingDistributionPoint ::= [0] distributionPoint, [1] onlyContainsUserCerts, [2] onlyContainsCACerts, [3] onlySomeReasons, [4] indirectCRL, [5] onlyContainsAttributeCerts
    private string? ReadDistributionPoint(AsnReader sequence)
    {
        string? fault = null;
        while (sequence.HasData)
        {
            var tag = sequence.PeekTag();
            if (tag.TagClass != TagClass.ContextSpecific)
            {
                throw new AsnContentException();
            }

            if (tag.TagValue == 0)
            {
                HasDistributionPoint = true;
                sequence.ReadEncodedValue();
                continue;
            }

            fault = tag.TagValue switch
            {
                1 or 2 or 3 or 5 => "it covers only some certificates or some reasons (issuing distribution point, RFC 5280 §5.2.5): a list of all is needed",
                4 => "it is an indirect list (RFC 5280 §5.2.5): one of the CA's own is needed",
                _ => throw new AsnContentException(),
            };
            sequence.ReadEncodedValue();
        }

        return fault;
    }

    private static BigInteger ReadNumber(AsnReader reader)
    {
        var bytes = reader.ReadIntegerBytes();
        var number = new BigInteger(bytes.Span, isBigEndian: true);
        return number.Sign >= 0 && bytes.Length <= MaxNumberBytes + 1 ? number : throw new AsnContentException();
    }

    private static bool TryReadReason(ReadOnlyMemory<byte> content, bool isDelta, out RevocationReason? reason)
    {
        var reader = new AsnReader(content, AsnEncodingRules.DER);
        var bytes = reader.ReadEnumeratedBytes().Span;
        reader.ThrowIfNotEmpty();
        var code = bytes.Length == 1 ? bytes[0] : byte.MaxValue;

        // Compromise of an attribute authority has no word here, and counts as any other.
        reason = code switch
        {
            8 => null,
            10 => RevocationReason.Unspecified,
            _ => (RevocationReason)code,
        };
        return code == 8 ? isDelta : code == 10 || Enum.IsDefined((RevocationReason)code);
    }
}
