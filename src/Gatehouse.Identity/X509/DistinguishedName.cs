using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Identity.X509;

/// <summary>One attribute of a name; <paramref name="Text"/> is null when the value is not a DirectoryString or IA5String of valid characters.</summary>
internal readonly record struct NameAttribute(string Oid, string? Text, bool IsDirectoryString);

/// <summary>Issuer or subject, comparable as RFC 5280 §7.1 says: per RDN, case and runs of blanks ignored in strings, bytes otherwise.</summary>
internal sealed class DistinguishedName : IEquatable<DistinguishedName>
{
    private readonly string[] rdns;
    private readonly string whole;

    private DistinguishedName(string[] rdns, List<NameAttribute> attributes, int encodedBytes)
    {
        EncodedBytes = encodedBytes;
        this.rdns = rdns;
        whole = string.Join('\n', rdns);
        Attributes = attributes;
    }

    internal IReadOnlyList<NameAttribute> Attributes { get; }

    /// <summary>Size of its DER.</summary>
    internal int EncodedBytes { get; }

    internal bool IsEmpty => rdns.Length == 0;

    /// <summary>One text for all encodings that are the same name.</summary>
    internal string Canonical => whole;

    /// <exception cref="AsnContentException">Not a Name.</exception>
    internal static DistinguishedName Read(AsnReader reader)
    {
        var attributes = new List<NameAttribute>();
        var rdns = new List<string>();
        var encodedBytes = reader.PeekEncodedValue().Length;
        var sequence = reader.ReadSequence();
        while (sequence.HasData)
        {
            // BER order is allowed inside the SET: real CAs get it wrong, and the canonical form sorts.
            var set = sequence.ReadSetOf(skipSortOrderValidation: true);
            var parts = new List<string>();
            while (set.HasData)
            {
                parts.Add(ReadAttribute(set.ReadSequence(), attributes));
            }

            parts.Sort(StringComparer.Ordinal);
            rdns.Add(parts.Count > 0 ? string.Join('+', parts) : throw new AsnContentException());
        }

        return new DistinguishedName([.. rdns], attributes, encodedBytes);
    }

    /// <summary>Whether this name lies in the subtree of <paramref name="constraint"/>: its RDNs begin with those of the constraint.</summary>
    internal bool IsWithin(DistinguishedName constraint) =>
        rdns.Length >= constraint.rdns.Length && rdns.AsSpan(0, constraint.rdns.Length).SequenceEqual(constraint.rdns);

    public bool Equals(DistinguishedName? other) => other is not null && whole == other.whole;

    public override bool Equals(object? obj) => Equals(obj as DistinguishedName);

    public override int GetHashCode() => whole.GetHashCode(StringComparison.Ordinal);

    /// <summary>Common names, or how many attributes there are: for the operator, not for comparison.</summary>
    public override string ToString()
    {
        var names = string.Join(", ", Attributes.Where(a => a.Oid == Oids.CommonName).Select(a => $"CN={a.Text ?? "?"}"));
        return Refuse.Quote(names.Length > 0 ? names : $"{Attributes.Count} attributes without CN");
    }

    private static string ReadAttribute(AsnReader attribute, List<NameAttribute> attributes)
    {
        var oid = attribute.ReadObjectIdentifier();
        var tag = attribute.PeekTag();
        var raw = attribute.ReadEncodedValue();
        attribute.ThrowIfNotEmpty();
        var text = Text(tag, raw, out var isDirectoryString);
        attributes.Add(new NameAttribute(oid, text, isDirectoryString));
        var value = text is null ? Convert.ToHexString(raw.Span) : Fold(text);
        return $"{oid}{(text is null ? '#' : '=')}{value.Length}:{value}";
    }

    private static string? Text(Asn1Tag tag, ReadOnlyMemory<byte> raw, out bool isDirectoryString)
    {
        var type = tag.TagClass == TagClass.Universal && !tag.IsConstructed ? (UniversalTagNumber)tag.TagValue : UniversalTagNumber.EndOfContents;
        isDirectoryString = type is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.BMPString or UniversalTagNumber.T61String;
        if (!isDirectoryString && type != UniversalTagNumber.IA5String)
        {
            return null;
        }

        try
        {
            return new AsnReader(raw, AsnEncodingRules.DER).ReadCharacterString(type);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            folded.Append(folded.Length > 0 ? " " : "").Append(word.ToUpperInvariant());
        }

        return folded.ToString();
    }
}
