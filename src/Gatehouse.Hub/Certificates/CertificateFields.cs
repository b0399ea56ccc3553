using System.Formats.Asn1;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Certificates;

/// <summary>The fields of one X.509 v3 certificate, read strictly from its DER bytes (RFC 5280 §4.1), so that what is checked is what was signed.</summary>
internal sealed record CertificateFields
{
    private static readonly Asn1Tag VersionTag = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag IssuerUniqueIdTag = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag SubjectUniqueIdTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3);

    internal required ReadOnlyMemory<byte> TbsCertificate { get; init; }

    /// <summary>AlgorithmIdentifier; the inner and the outer one are the same bytes (RFC 5280 §4.1.1.2).</summary>
    internal required ReadOnlyMemory<byte> SignatureAlgorithm { get; init; }

    internal required ReadOnlyMemory<byte> Signature { get; init; }

    internal required ReadOnlyMemory<byte> Issuer { get; init; }

    internal required ReadOnlyMemory<byte> Subject { get; init; }

    internal required ReadOnlyMemory<byte> PublicKeyInfo { get; init; }

    internal required DateTimeOffset NotBefore { get; init; }

    internal required DateTimeOffset NotAfter { get; init; }

    internal required CertificateExtensions Extensions { get; init; }

    internal static Result<CertificateFields> Read(ReadOnlyMemory<byte> der)
    {
        try
        {
            var all = new AsnReader(der, AsnEncodingRules.DER);
            var certificate = all.ReadSequence();
            if (all.HasData)
            {
                return Broken("there are bytes after it");
            }

            var tbs = certificate.ReadEncodedValue();
            var algorithm = certificate.ReadEncodedValue();
            var signature = certificate.ReadBitString(out var unused);
            certificate.ThrowIfNotEmpty();
            return unused == 0 ? ReadBody(tbs, algorithm, signature) : Broken("its signature is not whole bytes");
        }
        catch (AsnContentException)
        {
            return Broken("it is not DER");
        }
    }

    private static Result<CertificateFields> ReadBody(ReadOnlyMemory<byte> tbs, ReadOnlyMemory<byte> algorithm, byte[] signature)
    {
        var body = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        if (!body.PeekTag().HasSameClassAndValue(VersionTag))
        {
            return Broken("it is version 1, not 3");
        }

        var version = body.ReadSequence(VersionTag);
        if (!version.TryReadInt32(out var number) || number != 2 || version.HasData)
        {
            return Broken("it is not version 3");
        }

        if (body.ReadIntegerBytes().Length > 20)
        {
            return Broken("its serial number is longer than 20 bytes");
        }

        if (!body.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
        {
            return Broken("it names two different signature algorithms");
        }

        var issuer = body.ReadEncodedValue();
        var validity = body.ReadSequence();
        var (notBefore, notAfter) = (ReadTime(validity), ReadTime(validity));
        validity.ThrowIfNotEmpty();
        var subject = body.ReadEncodedValue();
        var publicKey = body.ReadEncodedValue();
        SkipUniqueIds(body);
        var extensions = body.HasData ? CertificateExtensions.Read(body.ReadSequence(ExtensionsTag).ReadSequence()) : CertificateExtensions.None;
        body.ThrowIfNotEmpty();
        return !extensions.IsOk ? extensions.Error : new CertificateFields
        {
            TbsCertificate = tbs,
            SignatureAlgorithm = algorithm,
            Signature = signature,
            Issuer = issuer,
            NotBefore = notBefore,
            NotAfter = notAfter,
            Subject = subject,
            PublicKeyInfo = publicKey,
            Extensions = extensions.Value,
        };
    }

    internal static HubError Broken(string why) => HubErrors.ArgumentInvalid.With($"The certificate cannot be used: {why}.");

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static void SkipUniqueIds(AsnReader body)
    {
        foreach (var tag in (ReadOnlySpan<Asn1Tag>)[IssuerUniqueIdTag, SubjectUniqueIdTag])
        {
            if (body.HasData && body.PeekTag().HasSameClassAndValue(tag))
            {
                body.ReadBitString(out _, tag);
            }
        }
    }
}
