namespace Gatehouse.Wire.Mqtt;

/// <summary>Percent-decoding (RFC 3986 §2.1) as clients of the property bag need it: <c>+</c> stays a plus, a broken escape stays as it is.</summary>
public static class PercentDecoder
{
    /// <summary>Decodes into <paramref name="target"/>, which must hold the length of <paramref name="source"/>; may not overlap it.</summary>
    /// <returns>Bytes written.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var written = 0;
        while (true)
        {
            var percent = source.IndexOf((byte)'%');
            var plain = percent < 0 ? source : source[..percent];
            plain.CopyTo(target[written..]);
            written += plain.Length;
            if (percent < 0)
            {
                return written;
            }

            source = source[percent..];
            if (source.Length >= 3 && HexValue(source[1]) is var high and >= 0 && HexValue(source[2]) is var low and >= 0)
            {
                target[written++] = (byte)((high << 4) | low);
                source = source[3..];
            }
            else
            {
                target[written++] = (byte)'%';
                source = source[1..];
            }
        }
    }

    private static int HexValue(byte character) => character switch
    {
        >= (byte)'0' and <= (byte)'9' => character - '0',
        >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
        _ => -1,
    };
}
