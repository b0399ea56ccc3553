using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Identity.Tests.X509;

/// <summary>DER written tag by tag, so that a test can write what no library would.</summary>
internal static class Der
{
    internal static byte[] Tlv(int tag, params IEnumerable<byte[]> parts)
    {
        byte[] content = [.. parts.SelectMany(p => p)];
        byte[] length = content.Length switch
        {
            < 0x80 => [(byte)content.Length],
            <= 0xFF => [0x81, (byte)content.Length],
            <= 0xFFFF => [0x82, (byte)(content.Length >> 8), (byte)content.Length],
            _ => [0x83, (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length],
        };
        return [(byte)tag, .. length, .. content];
    }

    internal static byte[] Seq(params IEnumerable<byte[]> parts) => Tlv(0x30, parts);

    internal static byte[] Set(params IEnumerable<byte[]> parts) => Tlv(0x31, parts);

    internal static byte[] Bool(bool value) => [0x01, 0x01, value ? (byte)0xFF : (byte)0x00];

    internal static byte[] Int(params byte[] content) => Tlv(0x02, content);

    internal static byte[] Octets(byte[] content) => Tlv(0x04, content);

    internal static byte[] Bits(byte[] content, byte unused = 0) => Tlv(0x03, [unused], content);

    internal static byte[] Null { get; } = [0x05, 0x00];

    internal static byte[] Text(int tag, string text) => Tlv(tag, tag switch
    {
        0x1E => Encoding.BigEndianUnicode.GetBytes(text),
        0x1C => new UTF32Encoding(bigEndian: true, byteOrderMark: false).GetBytes(text),
        0x0C => Encoding.UTF8.GetBytes(text),
        _ => Encoding.Latin1.GetBytes(text),
    });

    /// <summary>Context-specific and constructed: <c>[n] { … }</c>.</summary>
    internal static byte[] Wrapped(int number, params IEnumerable<byte[]> parts) => Tlv(0xA0 | number, parts);

    /// <summary>Context-specific and primitive.</summary>
    internal static byte[] Tagged(int number, byte[] content) => Tlv(0x80 | number, content);

    internal static byte[] Oid(string oid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteObjectIdentifier(oid);
        return writer.Encode();
    }

    /// <summary>RFC 5280 §4.1.2.5: UTCTime to 2049, GeneralizedTime from 2050.</summary>
    internal static byte[] Time(DateTimeOffset time) => time.Year < 2050 ? Text(0x17, $"{time.UtcDateTime:yyMMddHHmmss}Z") : Text(0x18, $"{time.UtcDateTime:yyyyMMddHHmmss}Z");
}
