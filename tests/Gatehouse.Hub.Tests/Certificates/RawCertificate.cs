using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Hub.Tests.Certificates;

/// <summary>A self-signed CA certificate written field by field, so that a test can break any of them. Signed for real unless said otherwise.</summary>
internal sealed record RawCertificate
{
    internal const string EcdsaSha256 = "1.2.840.10045.4.3.2";
    internal const string EcdsaSha1 = "1.2.840.10045.4.1";
    internal const string RsaMd5 = "1.2.840.113549.1.1.4";
    internal const string RsaSha1 = "1.2.840.113549.1.1.5";

    internal int? Version { get; init; } = 2;

    internal byte[] Serial { get; init; } = [0x11];

    internal string InnerAlgorithm { get; init; } = EcdsaSha256;

    internal string OuterAlgorithm { get; init; } = EcdsaSha256;

    internal byte[] Subject { get; init; } = new X500DistinguishedName("CN=Raw CA").RawData;

    internal DateTimeOffset NotBefore { get; init; } = TestAuthority.Now.AddDays(-10);

    internal DateTimeOffset NotAfter { get; init; } = TestAuthority.Now.AddDays(10);

    internal IReadOnlyList<(string Oid, bool Critical, byte[] Value)> Extensions { get; init; } = [BasicConstraints(true), KeyUsage(4)];

    internal byte[]? PublicKeyInfo { get; init; }

    internal static (string Oid, bool Critical, byte[] Value) BasicConstraints(bool isAuthority) =>
        ("2.5.29.19", true, isAuthority ? [0x30, 0x03, 0x01, 0x01, 0xff] : [0x30, 0x00]);

    /// <param name="keyCertSign">4 sets the bit, 0 leaves only digitalSignature.</param>
    internal static (string Oid, bool Critical, byte[] Value) KeyUsage(byte keyCertSign) =>
        ("2.5.29.15", true, keyCertSign == 4 ? [0x03, 0x02, 0x02, 0x04] : [0x03, 0x02, 0x07, 0x80]);

    internal byte[] Write()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var body = WriteBody(PublicKeyInfo ?? key.ExportSubjectPublicKeyInfo());
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(body);
            WriteAlgorithm(writer, OuterAlgorithm);
            writer.WriteBitString(key.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }

        return writer.Encode();
    }

    private byte[] WriteBody(byte[] publicKeyInfo)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            if (Version is { } version)
            {
                using var scope = writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
                writer.WriteInteger(version);
            }

            writer.WriteInteger(Serial);
            WriteAlgorithm(writer, InnerAlgorithm);
            writer.WriteEncodedValue(Subject);
            using (writer.PushSequence())
            {
                writer.WriteUtcTime(NotBefore);
                writer.WriteUtcTime(NotAfter);
            }

            writer.WriteEncodedValue(Subject);
            writer.WriteEncodedValue(publicKeyInfo);
            WriteExtensions(writer);
        }

        return writer.Encode();
    }

    private void WriteExtensions(AsnWriter writer)
    {
        if (Extensions.Count == 0)
        {
            return;
        }

        using var outer = writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
        using var list = writer.PushSequence();
        foreach (var (oid, critical, value) in Extensions)
        {
            using var extension = writer.PushSequence();
            writer.WriteObjectIdentifier(oid);
            if (critical)
            {
                writer.WriteBoolean(true);
            }

            writer.WriteOctetString(value);
        }
    }

    private static void WriteAlgorithm(AsnWriter writer, string oid)
    {
        using var scope = writer.PushSequence();
        writer.WriteObjectIdentifier(oid);
    }
}
