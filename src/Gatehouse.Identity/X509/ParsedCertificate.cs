using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Numerics;

namespace Gatehouse.Identity.X509;

/// <summary>A certificate read from its DER by our own rules, so that no platform's tolerance decides. RFC 5280 §4.1. Nothing is judged yet.</summary>
internal sealed class ParsedCertificate
{
    private const int VersionThree = 2;
    private const int MaxSerialBytes = 20;

    private CertificateOutline? outline;

    private ParsedCertificate(ReadOnlyMemory<byte> raw) => Raw = raw;

    internal ReadOnlyMemory<byte> Raw { get; }

    /// <summary>The signed part.</summary>
    internal ReadOnlyMemory<byte> Signed { get; private set; }

    internal ReadOnlyMemory<byte> SignatureAlgorithm { get; private set; }

    internal byte[] Signature { get; private set; } = [];

    /// <summary>1–20 octets and positive. §4.1.2.2.</summary>
    internal bool IsSerialSane { get; private set; }

    /// <summary>What it is known by; made when it is first asked for.</summary>
    internal CertificateOutline Outline => outline ??= new CertificateOutline(Raw, PublicKey, Subject, Issuer, Serial);

    internal ReadOnlyMemory<byte> Serial { get; private set; }

    internal DistinguishedName Issuer { get; private set; } = null!;

    internal DistinguishedName Subject { get; private set; } = null!;

    internal DateTimeOffset NotBefore { get; private set; }

    internal DateTimeOffset NotAfter { get; private set; }

    internal ReadOnlyMemory<byte> PublicKey { get; private set; }

    internal CertificateExtensions Extensions { get; private set; } = null!;

    /// <summary>Subject, alternative names, and the subject's e-mail addresses when no alternative one is there (§4.2.1.10).</summary>
    internal IReadOnlyList<GeneralName> ConstrainedNames { get; private set; } = [];

    internal bool IsSelfIssued => Issuer.Equals(Subject);

    /// <param name="raw">DER of one certificate and nothing else.</param>
    /// <param name="certificate">What it says.</param>
    /// <param name="fault">Why it cannot be used.</param>
    internal static bool TryParse(ReadOnlyMemory<byte> raw, [NotNullWhen(true)] out ParsedCertificate? certificate, out string fault)
    {
        try
        {
            certificate = new ParsedCertificate(raw);
            fault = certificate.Read();
            return fault.Length == 0;
        }
        catch (AsnContentException e)
        {
            certificate = null;
            fault = e.Message.StartsWith("the extension", StringComparison.Ordinal) ? e.Message : "it is not a well-formed certificate (RFC 5280 §4.1)";
            return false;
        }
    }

    internal bool HasSameKeyAndName(ParsedCertificate other) => Subject.Equals(other.Subject) && PublicKey.Span.SequenceEqual(other.PublicKey.Span);

    private string Read()
    {
        var outer = new AsnReader(Raw, AsnEncodingRules.DER);
        var certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        Signed = certificate.PeekEncodedValue();
        var body = certificate.ReadSequence();
        SignatureAlgorithm = certificate.ReadEncodedValue();
        Signature = certificate.ReadBitString(out var unusedBits);
        certificate.ThrowIfNotEmpty();
        return unusedBits != 0 ? "its signature is not whole octets" : ReadBody(body);
    }

    private string ReadBody(AsnReader body)
    {
        if (!IsVersionThree(body))
        {
            return "it is not a version 3 certificate (RFC 5280 §4.1.2.1)";
        }

        // The sign octet belongs to the number: X509Certificate2.SerialNumberBytes drops it.
        Serial = body.ReadIntegerBytes();
        IsSerialSane = Serial.Length <= MaxSerialBytes && new BigInteger(Serial.Span, isBigEndian: true) > 0;
        if (!body.ReadEncodedValue().Span.SequenceEqual(SignatureAlgorithm.Span))
        {
            return "its two signature algorithms differ (RFC 5280 §4.1.1.2)";
        }

        Issuer = DistinguishedName.Read(body);
        var validity = body.ReadSequence();
        (NotBefore, NotAfter) = (ReadTime(validity), ReadTime(validity));
        validity.ThrowIfNotEmpty();
        Subject = DistinguishedName.Read(body);
        PublicKey = body.ReadEncodedValue();
        ReadExtensions(body);
        ConstrainedNames = [.. NamesOfSubject(), .. Extensions.AlternativeNames];
        return "";
    }

    private static bool IsVersionThree(AsnReader body)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (!body.PeekTag().HasSameClassAndValue(tag))
        {
            return false;
        }

        var version = body.ReadSequence(tag);
        return version.TryReadInt32(out var number) && number == VersionThree && !version.HasData;
    }

    private void ReadExtensions(AsnReader body)
    {
        // Unique identifiers [1] and [2], at most one of each and in order: read over, as the profile does not use them.
        for (var number = 1; number <= 2; number++)
        {
            var tag = new Asn1Tag(TagClass.ContextSpecific, number);
            if (body.HasData && body.PeekTag().HasSameClassAndValue(tag))
            {
                body.ReadBitString(out _, tag);
            }
        }

        if (!body.HasData)
        {
            Extensions = new CertificateExtensions();
            return;
        }

        var tagged = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3, isConstructed: true));
        Extensions = CertificateExtensions.Read(tagged.ReadSequence());
        tagged.ThrowIfNotEmpty();
        body.ThrowIfNotEmpty();
    }

    private IEnumerable<GeneralName> NamesOfSubject()
    {
        if (!Subject.IsEmpty)
        {
            yield return new GeneralName(NameForm.Directory, "", default, Subject);
        }

        if (Extensions.AlternativeNames.Any(n => n.Form == NameForm.Email))
        {
            yield break;
        }

        foreach (var attribute in Subject.Attributes)
        {
            if (attribute.Oid == Oids.EmailAddress)
            {
                yield return new GeneralName(NameForm.Email, attribute.Text ?? "", default, null);
            }
        }
    }

    /// <summary>UTCTime or GeneralizedTime.</summary>
    internal static DateTimeOffset ReadTime(AsnReader reader) => reader.PeekTag().HasSameClassAndValue(Asn1Tag.GeneralizedTime)
        ? reader.ReadGeneralizedTime()

        // §4.1.2.5.1: two-digit years from 50 are 19xx.
        : reader.ReadUtcTime(2049);
}
