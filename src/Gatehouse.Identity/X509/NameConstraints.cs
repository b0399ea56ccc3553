using System.Formats.Asn1;

namespace Gatehouse.Identity.X509;

/// <summary>The name constraints of one CA. RFC 5280 §4.2.1.10.</summary>
internal sealed record NameConstraints(IReadOnlyList<GeneralName> Permitted, IReadOnlyList<GeneralName> Excluded)
{
    /// <exception cref="AsnContentException">Malformed, empty, or with bases that cannot be applied: a constraint that is not understood must not be skipped.</exception>
    internal static NameConstraints Read(AsnReader reader)
    {
        var sequence = reader.ReadSequence();
        var permitted = ReadSubtrees(sequence, 0);
        var excluded = ReadSubtrees(sequence, 1);
        sequence.ThrowIfNotEmpty();
        return permitted.Count + excluded.Count > 0 ? new NameConstraints(permitted, excluded) : throw new AsnContentException();
    }

    private static List<GeneralName> ReadSubtrees(AsnReader sequence, int tagValue)
    {
        var bases = new List<GeneralName>();
        var tag = new Asn1Tag(TagClass.ContextSpecific, tagValue, isConstructed: true);
        if (!sequence.HasData || !sequence.PeekTag().HasSameClassAndValue(tag))
        {
            return bases;
        }

        var subtrees = sequence.ReadSequence(tag);
        do
        {
            var subtree = subtrees.ReadSequence();
            var name = GeneralName.Read(subtree);

            // minimum other than 0, and maximum, are not used by this profile.
            subtree.ThrowIfNotEmpty();
            bases.Add(NameForms.IsValidBase(name) ? name : throw new AsnContentException());
        }
        while (subtrees.HasData);

        return bases;
    }
}
