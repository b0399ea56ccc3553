using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Identity.X509;

/// <summary>A CRL, complete or delta, read by our own rules. RFC 5280 §5. What it cannot be held to in full is refused: half a list would let in whom its CA has revoked.</summary>
public sealed class CertificateRevocationList
{
    // Of a list with no entries: names, extensions, signature. An entry takes 35–70 bytes.
    private const int MaxFrameBytes = 64 * 1024;
    private const int MaxEntryBytes = 128;
    private const string Label = "X509 CRL";

    private static readonly PathOptions Options = new();

    private ReadOnlyMemory<byte> signed;
    private ReadOnlyMemory<byte> algorithm;
    private byte[] signature = [];
    private DistinguishedName issuer = null!;
    private CrlExtensions extensions = null!;

    private CertificateRevocationList()
    {
    }

    /// <summary>Common names of the issuer, for people.</summary>
    public string IssuerText => issuer.ToString();

    public DateTimeOffset ThisUpdate { get; private set; }

    public DateTimeOffset NextUpdate { get; private set; }

    /// <summary>CRL number, 0 or more.</summary>
    public BigInteger Number => extensions.Number!.Value;

    /// <summary>For a delta the number of the complete list that it needs at least; null for a complete one.</summary>
    public BigInteger? BaseNumber => extensions.BaseNumber;

    /// <summary>Whether it names a distribution point, and so may be one part of several.</summary>
    public bool MayBePart => extensions.HasDistributionPoint;

    /// <summary>What it lists; of a delta the changes.</summary>
    public RevokedSerials Serials { get; private set; } = RevokedSerials.None;

    /// <summary>SHA-256 of the whole, hexadecimal in capitals.</summary>
    public string Thumbprint { get; private set; } = "";

    /// <summary>Most bytes that a list of so many entries is read from.</summary>
    public static int MaxBytes(int maxEntries) => (int)Math.Min(int.MaxValue / 2, MaxFrameBytes + ((long)maxEntries * MaxEntryBytes));

    /// <param name="content">DER, or PEM with one block and nothing after it.</param>
    /// <param name="maxEntries">Most entries.</param>
    /// <param name="list">What it says; its signature is not verified, its times are not judged.</param>
    /// <param name="fault">Why it is not taken: the end of a sentence.</param>
    public static bool TryRead(ReadOnlyMemory<byte> content, int maxEntries, [NotNullWhen(true)] out CertificateRevocationList? list, out string fault)
    {
        list = null;
        if (!content.IsEmpty && content.Span[0] != 0x30)
        {
            if (ReadPem(content.Span) is not { } der)
            {
                fault = $"it is neither DER nor PEM with one block '{Label}' at its end";
                return false;
            }

            content = der;
        }

        if (content.Length > MaxBytes(maxEntries))
        {
            fault = $"it has more than {MaxBytes(maxEntries)} bytes";
            return false;
        }

        try
        {
            var read = new CertificateRevocationList();
            fault = read.Read(content, maxEntries);
            list = fault.Length == 0 ? read : null;
        }
        catch (AsnContentException)
        {
            fault = "it is not one well-formed version 2 list in DER and nothing else (RFC 5280 §5.1)";
        }

        return list is not null;
    }

    /// <summary>Whether a certificate of this CA could be meant by its issuer: the name is the same, and the key identifier where both have one.</summary>
    public bool Names(AuthorityCertificate authority)
    {
        ArgumentNullException.ThrowIfNull(authority);
        return authority.Parsed.Subject.Equals(issuer)
            && (extensions.AuthorityKeyIdentifier is not { } wanted || authority.Parsed.Extensions.SubjectKeyIdentifier is not { } own || own.Span.SequenceEqual(wanted.Span));
    }

    /// <summary>Whether the CA signed it and may.</summary>
    /// <returns>What is wrong: the end of a sentence; null when it holds.</returns>
    public string? SignatureFault(AuthorityCertificate authority)
    {
        ArgumentNullException.ThrowIfNull(authority);
        return !authority.Parsed.Subject.Equals(issuer) ? $"it is a list of {IssuerText}, not of {authority.Parsed.Subject}"
            : !Names(authority) ? "its authority key identifier names another key of a CA of that name (RFC 5280 §5.2.1)"
            : authority.Parsed.Extensions.KeyUsage is { } usages && !usages.HasFlag(System.Security.Cryptography.X509Certificates.X509KeyUsageFlags.CrlSign)
                ? "the key usage of the CA's certificate does not allow cRLSign (RFC 5280 §4.2.1.3)"
            : SignatureCheck.Fault(signed, algorithm, signature, authority.Parsed.PublicKey, Options) is { } wrong ? $"its signature does not count: {wrong}"
            : null;
    }

    private string Read(ReadOnlyMemory<byte> der, int maxEntries)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var whole = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        signed = whole.PeekEncodedValue();
        var body = whole.ReadSequence();
        algorithm = whole.ReadEncodedValue();
        signature = whole.ReadBitString(out var unusedBits);
        whole.ThrowIfNotEmpty();
        if (unusedBits != 0)
        {
            return "its signature is not whole octets";
        }

        if (!body.PeekTag().HasSameClassAndValue(Asn1Tag.Integer) || !body.TryReadInt32(out var version) || version != 1)
        {
            return "it is not of version 2 (RFC 5280 §5.1.2.1)";
        }

        if (!body.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
        {
            return "its two signature algorithms differ (RFC 5280 §5.1.1.2)";
        }

        issuer = DistinguishedName.Read(body);
        if (issuer.IsEmpty)
        {
            return "it names no issuer (RFC 5280 §5.1.2.3)";
        }

        ThisUpdate = ParsedCertificate.ReadTime(body);
        if (!IsTime(body))
        {
            return "it does not say when the next one comes (RFC 5280 §5.1.2.5)";
        }

        NextUpdate = ParsedCertificate.ReadTime(body);
        Thumbprint = Convert.ToHexString(SHA256.HashData(der.Span));
        var entries = body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence) ? body.ReadSequence() : null;
        extensions = body.HasData ? CrlExtensions.Read(body) : new CrlExtensions();
        body.ThrowIfNotEmpty();
        return NextUpdate < ThisUpdate ? "the next one would come before this one"
            : extensions.Fault ?? (entries is null ? "" : ReadEntries(entries, maxEntries));
    }

    private string ReadEntries(AsnReader entries, int maxEntries)
    {
        var read = new List<RevokedSerial>();
        do
        {
            if (read.Count == maxEntries)
            {
                return $"it has more than {maxEntries.ToString(CultureInfo.InvariantCulture)} entries";
            }

            var entry = entries.ReadSequence();
            var number = entry.ReadIntegerBytes();
            if (!CertificateSerial.TryRead(number.Span, out var serial))
            {
                return $"its entry {read.Count + 1} has a serial number that is negative or longer than {CertificateSerial.MaxBytes} octets (RFC 5280 §5.1.2.6)";
            }

            var time = ParsedCertificate.ReadTime(entry);
            RevocationReason? reason = RevocationReason.Unspecified;
            if (entry.HasData && CrlExtensions.ReadEntry(entry, BaseNumber is not null, out reason) is { } fault)
            {
                return $"the entry of serial number {serial} {fault}";
            }

            read.Add(new RevokedSerial(serial, reason, time));
        }
        while (entries.HasData);

        Serials = RevokedSerials.Of(read, out var doubled);
        return doubled is { } twice ? $"it lists the serial number {twice} twice" : "";
    }

    private static bool IsTime(AsnReader body) =>
        body.HasData && (body.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) || body.PeekTag().HasSameClassAndValue(Asn1Tag.GeneralizedTime));

    // A text for people may stand before the block, as `openssl crl -text` puts it there.
    private static byte[]? ReadPem(ReadOnlySpan<byte> content)
    {
        var text = Encoding.ASCII.GetString(content);
        if (!PemEncoding.TryFind(text, out var block) || text[block.Label] != Label)
        {
            return null;
        }

        var der = new byte[block.DecodedDataLength];
        return !text.AsSpan(0, block.Location.Start.Value).Contains("-----BEGIN", StringComparison.Ordinal)
            && text.AsSpan(block.Location.End.Value).IsWhiteSpace()
            && Convert.TryFromBase64Chars(text.AsSpan()[block.Base64Data], der, out var length)
            && length == der.Length ? der : null;
    }
}
