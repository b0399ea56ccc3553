using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A question about certificates, written as RFC 6960 §4.1 has it, or not quite.</summary>
internal sealed record OcspQuestion(X509Certificate2 Authority, params IReadOnlyList<string> Serials)
{
    internal HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA1;

    /// <summary>Object identifier of another hash than it is made with.</summary>
    internal string? OtherHash { get; init; }

    internal byte[]? Nonce { get; init; }

    /// <summary>Further extensions: object identifier, critical, value.</summary>
    internal IReadOnlyList<(string Oid, bool IsCritical, byte[] Value)> Extensions { get; init; } = [];

    /// <summary>Of each certificate.</summary>
    internal IReadOnlyList<(string Oid, bool IsCritical, byte[] Value)> SingleExtensions { get; init; } = [];

    internal int? Version { get; init; }

    internal bool IsSigned { get; init; }

    internal byte[] Build()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            WriteBody(writer);
            if (IsSigned)
            {
                using var signature = writer.PushSequence(Context(0));
                using var content = writer.PushSequence();
                writer.WriteNull();
            }
        }

        return writer.Encode();
    }

    private void WriteBody(AsnWriter writer)
    {
        using var body = writer.PushSequence();
        if (Version is { } version)
        {
            using var tagged = writer.PushSequence(Context(0));
            writer.WriteInteger(version);
        }

        if (IsSigned)
        {
            using var name = writer.PushSequence(Context(1));
            using var directory = writer.PushSequence(Context(4));
            writer.WriteEncodedValue(Authority.SubjectName.RawData);
        }

        using (writer.PushSequence())
        {
            foreach (var serial in Serials)
            {
                using var request = writer.PushSequence();
                WriteId(writer, serial);
                WriteExtensions(writer, 0, SingleExtensions);
            }
        }

        WriteExtensions(writer, 2, Nonce is null ? Extensions : [("1.3.6.1.5.5.7.48.1.2", false, Octets(Nonce)), .. Extensions]);
    }

    private void WriteId(AsnWriter writer, string serial)
    {
        using var id = writer.PushSequence();
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(OtherHash ?? (Hash == HashAlgorithmName.SHA1 ? "1.3.14.3.2.26" : Hash == HashAlgorithmName.SHA256 ? "2.16.840.1.101.3.4.2.1" : "2.16.840.1.101.3.4.2.3"));
            writer.WriteNull();
        }

        writer.WriteOctetString(CryptographicOperations.HashData(Hash, Authority.SubjectName.RawData));
        writer.WriteOctetString(CryptographicOperations.HashData(Hash, Authority.PublicKey.EncodedKeyValue.RawData));
        writer.WriteInteger(Convert.FromHexString(serial));
    }

    private static void WriteExtensions(AsnWriter writer, int tag, IReadOnlyList<(string Oid, bool IsCritical, byte[] Value)> extensions)
    {
        if (extensions.Count == 0)
        {
            return;
        }

        using var tagged = writer.PushSequence(Context(tag));
        using var list = writer.PushSequence();
        foreach (var (oid, isCritical, value) in extensions)
        {
            using var extension = writer.PushSequence();
            writer.WriteObjectIdentifier(oid);
            if (isCritical)
            {
                writer.WriteBoolean(true);
            }

            writer.WriteOctetString(value);
        }
    }

    internal static byte[] Octets(byte[] value)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(value);
        return writer.Encode();
    }

    private static Asn1Tag Context(int tag) => new(TagClass.ContextSpecific, tag, isConstructed: true);
}
