using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Identity.X509;

/// <summary>Choices of GeneralName by their context tags. RFC 5280 §4.2.1.6.</summary>
internal enum NameForm
{
    Other = 0,
    Email = 1,
    Dns = 2,
    X400 = 3,
    Directory = 4,
    EdiParty = 5,
    Uri = 6,
    IpAddress = 7,
    RegisteredId = 8,
}

/// <summary>A subject alternative name, or the base of a name constraint.</summary>
/// <param name="Form">Which choice.</param>
/// <param name="Text">Content of the IA5String forms; empty otherwise.</param>
/// <param name="Bytes">Content of an address; empty otherwise.</param>
/// <param name="Directory">Content of a directory name.</param>
internal sealed record GeneralName(NameForm Form, string Text, ReadOnlyMemory<byte> Bytes, DistinguishedName? Directory)
{
    /// <exception cref="AsnContentException">Not a GeneralName.</exception>
    internal static GeneralName Read(AsnReader reader)
    {
        var tag = reader.PeekTag();
        if (tag.TagClass != TagClass.ContextSpecific || tag.TagValue > (int)NameForm.RegisteredId)
        {
            throw new AsnContentException();
        }

        var form = (NameForm)tag.TagValue;
        switch (form)
        {
            case NameForm.Email or NameForm.Dns or NameForm.Uri:
                var text = reader.ReadOctetString(tag);
                return Ascii.IsValid(text) && !text.AsSpan().Contains((byte)0)
                    ? new GeneralName(form, Encoding.ASCII.GetString(text), default, null)
                    : throw new AsnContentException();
            case NameForm.IpAddress:
                return new GeneralName(form, "", reader.ReadOctetString(tag), null);
            case NameForm.Directory:
                var inner = reader.ReadSequence(tag);
                var name = DistinguishedName.Read(inner);
                inner.ThrowIfNotEmpty();
                return new GeneralName(form, "", default, name);
            default:
                reader.ReadEncodedValue();
                return new GeneralName(form, "", default, null);
        }
    }
}
