using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>A CRL field by field. Begins as a good one; a test changes what it is about.</summary>
internal sealed record CrlRecipe
{
    internal const string EcdsaSha256 = "1.2.840.10045.4.3.2";

    /// <summary>DER of the issuer's Name.</summary>
    internal required byte[] Issuer { get; init; }

    /// <summary>Signs the list for real.</summary>
    internal required Func<byte[], byte[]> Sign { get; init; }

    internal DateTimeOffset ThisUpdate { get; init; } = new(2026, 11, 24, 6, 0, 0, TimeSpan.Zero);

    internal DateTimeOffset? NextUpdate { get; init; } = new(2026, 12, 1, 6, 0, 0, TimeSpan.Zero);

    internal BigInteger? Number { get; init; } = 1;

    /// <summary>Makes it a delta.</summary>
    internal BigInteger? BaseNumber { get; init; }

    internal byte[]? AuthorityKeyId { get; init; }

    internal IReadOnlyList<CrlEntry> Entries { get; init; } = [];

    /// <summary>More extensions: object identifier, whether critical, content.</summary>
    internal IReadOnlyList<(string Oid, bool IsCritical, byte[] Content)> Extensions { get; init; } = [];

    internal int Version { get; init; } = 1;

    internal string? InnerAlgorithm { get; init; }

    internal string Algorithm { get; init; } = EcdsaSha256;

    internal static CrlRecipe Of(byte[] issuer, ECDsa key) => new() { Issuer = issuer, Sign = text => key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) };

    internal byte[] Build()
    {
        var body = new AsnWriter(AsnEncodingRules.DER);
        using (body.PushSequence())
        {
            body.WriteInteger(Version);
            WriteAlgorithm(body, InnerAlgorithm ?? Algorithm);
            body.WriteEncodedValue(Issuer);
            body.WriteUtcTime(ThisUpdate);
            if (NextUpdate is { } next)
            {
                body.WriteUtcTime(next);
            }

            WriteEntries(body);
            WriteExtensions(body);
        }

        var signed = body.Encode();
        var whole = new AsnWriter(AsnEncodingRules.DER);
        using (whole.PushSequence())
        {
            whole.WriteEncodedValue(signed);
            WriteAlgorithm(whole, Algorithm);
            whole.WriteBitString(Sign(signed));
        }

        return whole.Encode();
    }

    /// <summary>Content of an extension that is a number.</summary>
    internal static byte[] NumberOf(BigInteger number)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteInteger(number);
        return writer.Encode();
    }

    private void WriteEntries(AsnWriter body)
    {
        if (Entries.Count == 0)
        {
            return;
        }

        using (body.PushSequence())
        {
            foreach (var entry in Entries)
            {
                using (body.PushSequence())
                {
                    body.WriteInteger(entry.Serial);
                    body.WriteUtcTime(entry.Time);
                    var extensions = entry.Extensions.ToList();
                    if (entry.Reason is { } reason)
                    {
                        extensions.Insert(0, ("2.5.29.21", false, [0x0A, 0x01, reason]));
                    }

                    if (extensions.Count > 0)
                    {
                        using (body.PushSequence())
                        {
                            extensions.ForEach(each => WriteExtension(body, each));
                        }
                    }
                }
            }
        }
    }

    private void WriteExtensions(AsnWriter body)
    {
        var all = Extensions.ToList();
        if (Number is { } number)
        {
            all.Insert(0, ("2.5.29.20", false, NumberOf(number)));
        }

        if (BaseNumber is { } needed)
        {
            all.Insert(0, ("2.5.29.27", true, NumberOf(needed)));
        }

        if (AuthorityKeyId is { } id)
        {
            all.Insert(0, ("2.5.29.35", false, [0x30, (byte)(id.Length + 2), 0x80, (byte)id.Length, .. id]));
        }

        if (all.Count == 0)
        {
            return;
        }

        using (body.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        using (body.PushSequence())
        {
            all.ForEach(each => WriteExtension(body, each));
        }
    }

    private static void WriteExtension(AsnWriter writer, (string Oid, bool IsCritical, byte[] Content) extension)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(extension.Oid);
            if (extension.IsCritical)
            {
                writer.WriteBoolean(true);
            }

            writer.WriteOctetString(extension.Content);
        }
    }

    private static void WriteAlgorithm(AsnWriter writer, string oid)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
        }
    }
}

/// <summary>One entry.</summary>
internal sealed record CrlEntry(BigInteger Serial, byte? Reason = null)
{
    internal DateTimeOffset Time { get; init; } = new(2026, 11, 23, 17, 0, 0, TimeSpan.Zero);

    internal IReadOnlyList<(string Oid, bool IsCritical, byte[] Content)> Extensions { get; init; } = [];

    /// <summary>Of a certificate's serial number.</summary>
    internal static CrlEntry Of(string serial, byte? reason = null) => new(new BigInteger(Convert.FromHexString(serial.Length % 2 == 0 ? serial : "0" + serial), isUnsigned: true, isBigEndian: true), reason);
}
