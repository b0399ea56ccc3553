using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gatehouse.Contracts.Credentials;

/// <summary>A serial number as lists hold it: 20 octets without an array, ordered by value. RFC 5280 §4.1.2.2.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public readonly record struct CertificateSerial : IComparable<CertificateSerial>
{
    /// <summary>Octets of the longest.</summary>
    public const int MaxBytes = 20;

    private readonly ulong high;
    private readonly ulong middle;
    private readonly uint low;

    private CertificateSerial(ReadOnlySpan<byte> padded) =>
        (high, middle, low) = (BinaryPrimitives.ReadUInt64BigEndian(padded), BinaryPrimitives.ReadUInt64BigEndian(padded[8..]), BinaryPrimitives.ReadUInt32BigEndian(padded[16..]));

    /// <param name="content">Octets of an ASN.1 INTEGER.</param>
    /// <param name="serial">Its value.</param>
    /// <returns>False for a negative number, and one of more than 20 octets.</returns>
    public static bool TryRead(ReadOnlySpan<byte> content, out CertificateSerial serial)
    {
        serial = default;
        if (content.IsEmpty || content[0] >= 0x80)
        {
            return false;
        }

        var digits = content.TrimStart((byte)0);
        if (digits.Length > MaxBytes)
        {
            return false;
        }

        Span<byte> padded = stackalloc byte[MaxBytes];
        padded.Clear();
        digits.CopyTo(padded[(MaxBytes - digits.Length)..]);
        serial = new CertificateSerial(padded);
        return true;
    }

    public int CompareTo(CertificateSerial other) =>
        high != other.high ? high.CompareTo(other.high) : middle != other.middle ? middle.CompareTo(other.middle) : low.CompareTo(other.low);

    public static bool operator <(CertificateSerial left, CertificateSerial right) => left.CompareTo(right) < 0;

    public static bool operator >(CertificateSerial left, CertificateSerial right) => left.CompareTo(right) > 0;

    public static bool operator <=(CertificateSerial left, CertificateSerial right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CertificateSerial left, CertificateSerial right) => left.CompareTo(right) >= 0;

    /// <summary>Hexadecimal in capitals, without leading zeros.</summary>
    public override string ToString()
    {
        Span<byte> padded = stackalloc byte[MaxBytes];
        Write(padded);
        return Convert.ToHexString(padded).TrimStart('0') is { Length: > 0 } digits ? digits : "0";
    }

    /// <summary>20 octets.</summary>
    internal void Write(Span<byte> padded)
    {
        BinaryPrimitives.WriteUInt64BigEndian(padded, high);
        BinaryPrimitives.WriteUInt64BigEndian(padded[8..], middle);
        BinaryPrimitives.WriteUInt32BigEndian(padded[16..], low);
    }

    internal static CertificateSerial Of(ReadOnlySpan<byte> padded) => new(padded);
}
