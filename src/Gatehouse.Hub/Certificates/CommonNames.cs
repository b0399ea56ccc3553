using System.Formats.Asn1;

namespace Gatehouse.Hub.Certificates;

/// <summary>The common names in a distinguished name, as written: no folding, no trimming.</summary>
internal static class CommonNames
{
    private const string CommonNameOid = "2.5.4.3";

    /// <exception cref="AsnContentException">The name is not DER, or a common name is of a type that is not text.</exception>
    internal static IReadOnlyList<string> Read(ReadOnlyMemory<byte> distinguishedName)
    {
        var names = new List<string>();
        var relativeNames = new AsnReader(distinguishedName, AsnEncodingRules.DER).ReadSequence();
        while (relativeNames.HasData)
        {
            // Multi-valued names out of DER's order exist in the field; the order means nothing here.
            var parts = relativeNames.ReadSetOf(skipSortOrderValidation: true);
            while (parts.HasData)
            {
                var part = parts.ReadSequence();
                if (part.ReadObjectIdentifier() == CommonNameOid)
                {
                    names.Add(ReadText(part));
                }
            }
        }

        return names;
    }

    // DirectoryString of RFC 5280 §4.1.2.4 without UniversalString, which nothing issues.
    private static string ReadText(AsnReader part)
    {
        var tag = part.PeekTag();
        var type = (UniversalTagNumber)tag.TagValue;
        return tag.TagClass == TagClass.Universal
            && type is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.T61String or UniversalTagNumber.BMPString or UniversalTagNumber.IA5String
            ? part.ReadCharacterString(type)
            : throw new AsnContentException("The common name is not a text.");
    }
}
