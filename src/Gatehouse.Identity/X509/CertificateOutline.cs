using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>What a certificate is known by, read without judging it: also one that breaks the rules of paths can be revoked, and be found to be.</summary>
public sealed class CertificateOutline
{
    // A serial number has 20 octets; some CAs write more.
    private const int MaxSerialDigits = 128;

    private readonly DistinguishedName subject;
    private readonly DistinguishedName issuer;

    internal CertificateOutline(ReadOnlyMemory<byte> raw, ReadOnlyMemory<byte> publicKey, DistinguishedName subject, DistinguishedName issuer, ReadOnlyMemory<byte> serial)
    {
        (this.subject, this.issuer) = (subject, issuer);
        SerialNumber = Digits(Convert.ToHexString(serial.Span));
        Thumbprint = CertificateMark.Of(raw.Span);
        Key = CertificateMark.Of(publicKey.Span);
        Serial = SerialMark(issuer, SerialNumber);
        IssuerName = NameMark(issuer);
    }

    /// <summary>SHA-256 of the whole.</summary>
    public CertificateMark Thumbprint { get; }

    /// <summary>SHA-256 of its SubjectPublicKeyInfo.</summary>
    public CertificateMark Key { get; }

    /// <summary>Of its issuer's name and its serial number.</summary>
    public CertificateMark Serial { get; }

    /// <summary>Of its issuer's name.</summary>
    public CertificateMark IssuerName { get; }

    /// <summary>Of its own name.</summary>
    public CertificateMark SubjectName => NameMark(subject);

    /// <summary>Hexadecimal in capitals, without leading zeros.</summary>
    public string SerialNumber { get; }

    /// <summary>Common names, for people.</summary>
    public string SubjectText => subject.ToString();

    /// <summary>Common names of its issuer, for people.</summary>
    public string IssuerText => issuer.ToString();

    /// <param name="der">One certificate of any version and nothing else.</param>
    /// <param name="outline">What it is known by.</param>
    public static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out CertificateOutline? outline)
    {
        try
        {
            outline = Read(der);
            return true;
        }
        catch (AsnContentException)
        {
            outline = null;
            return false;
        }
    }

    /// <summary>Mark of another certificate that this CA issued.</summary>
    /// <param name="serialNumber">Hexadecimal, in any case; colons and leading zeros do not count.</param>
    /// <param name="serial">As <see cref="SerialNumber"/>.</param>
    /// <param name="mark">Its mark.</param>
    public bool TryMarkIssued(string serialNumber, out string serial, out CertificateMark mark)
    {
        ArgumentNullException.ThrowIfNull(serialNumber);
        serial = Digits(serialNumber.Replace(":", "", StringComparison.Ordinal).Trim().ToUpperInvariant());
        var isNumber = serial.Length is > 0 and <= MaxSerialDigits && serial.All(char.IsAsciiHexDigit);
        mark = isNumber ? SerialMark(subject, serial) : default;
        return isNumber;
    }

    // RFC 5280 §4.1; version and extensions are read over.
    private static CertificateOutline Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var body = outer.ReadSequence().ReadSequence();
        outer.ThrowIfNotEmpty();
        if (body.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true)))
        {
            body.ReadEncodedValue();
        }

        var serial = body.ReadIntegerBytes();
        body.ReadSequence();
        var issuer = DistinguishedName.Read(body);
        body.ReadSequence();
        var subject = DistinguishedName.Read(body);
        return new CertificateOutline(der, body.ReadEncodedValue(), subject, issuer, serial);
    }

    private static string Digits(string hex) => hex.TrimStart('0') is { Length: > 0 } digits ? digits : hex.Length > 0 ? "0" : "";

    private static CertificateMark SerialMark(DistinguishedName issuer, string serial) => CertificateMark.Of(Encoding.UTF8.GetBytes($"serial {serial} of {issuer.Canonical}"));

    private static CertificateMark NameMark(DistinguishedName name) => CertificateMark.Of(Encoding.UTF8.GetBytes($"name {name.Canonical}"));
}
