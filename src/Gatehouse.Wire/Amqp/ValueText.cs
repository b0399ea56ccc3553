using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Gatehouse.Wire.Amqp;

/// <summary>Scalar values as UTF-8 text, without allocation.</summary>
/// <remarks>Booleans in lower case, numbers invariant and shortest, uuids with hyphens, timestamps in ISO 8601 with milliseconds, binaries as they are when they are text and else in base64.</remarks>
internal static class ValueText
{
    // A double, a uuid and a time fit in this; a base64 text is a third longer than its bytes.
    private const int LongestScalar = 40;

    private static readonly long EarliestTime = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    internal static int MaxBytes(int rawBytes) => Math.Max(LongestScalar, Base64.GetMaxEncodedToUtf8Length(rawBytes));

    /// <param name="raw">One measured value, or nothing, which counts as null.</param>
    /// <param name="target">Room for <see cref="MaxBytes"/>.</param>
    /// <param name="written">Bytes written.</param>
    /// <param name="isNull">The value is null.</param>
    internal static bool TryFormat(ReadOnlySpan<byte> raw, Span<byte> target, out int written, out bool isNull)
    {
        (written, isNull) = (0, raw.IsEmpty || raw[0] == FormatCode.Null);
        if (isNull)
        {
            return true;
        }

        var code = raw[0];
        if (FormatCode.IsVariable(code))
        {
            var bytes = raw[(code < FormatCode.Binary32 ? 2 : 5)..];
            return code is FormatCode.Binary8 or FormatCode.Binary32 && !Utf8.IsValid(bytes)
                ? Base64.EncodeToUtf8(bytes, target, out _, out written) == System.Buffers.OperationStatus.Done
                : TryCopy(bytes, target, out written);
        }

        return FormatCode.IsFixed(code) && TryFormatFixed(code, raw[1..], target, out written);
    }

    internal static bool TryGetInteger(ReadOnlySpan<byte> raw, out long value)
    {
        var isInteger = !raw.IsEmpty && IsInteger(raw[0]);
        value = isInteger ? AmqpReader.NumberValue(raw[0], raw[1..]) : 0;
        return isInteger && (raw[0] != FormatCode.ULong || value >= 0);
    }

    private static bool TryFormatFixed(byte code, ReadOnlySpan<byte> data, Span<byte> target, out int written)
    {
        switch (code)
        {
            case FormatCode.True or FormatCode.False or FormatCode.Boolean:
                return TryCopy(code == FormatCode.True || (code == FormatCode.Boolean && data[0] == 1) ? "true"u8 : "false"u8, target, out written);
            case FormatCode.Float:
                return BinaryPrimitives.ReadSingleBigEndian(data).TryFormat(target, out written, default, CultureInfo.InvariantCulture);
            case FormatCode.Double:
                return BinaryPrimitives.ReadDoubleBigEndian(data).TryFormat(target, out written, default, CultureInfo.InvariantCulture);
            case FormatCode.Uuid:
                return new Guid(data, bigEndian: true).TryFormat(target, out written);
            case FormatCode.Char:
                return new Rune(BinaryPrimitives.ReadUInt32BigEndian(data)).TryEncodeToUtf8(target, out written);
            case FormatCode.Timestamp:
                return TryFormatTime(BinaryPrimitives.ReadInt64BigEndian(data), target, out written);
            case FormatCode.ULong:
                return BinaryPrimitives.ReadUInt64BigEndian(data).TryFormat(target, out written, default, CultureInfo.InvariantCulture);
            default:
                written = 0;
                return IsInteger(code) && AmqpReader.NumberValue(code, data).TryFormat(target, out written, default, CultureInfo.InvariantCulture);
        }
    }

    private static bool IsInteger(byte code) => code switch
    {
        FormatCode.UInt0 or FormatCode.ULong0 or >= FormatCode.UByte and <= FormatCode.SmallLong or FormatCode.UShort or FormatCode.Short => true,
        FormatCode.UInt or FormatCode.Int or FormatCode.ULong or FormatCode.Long => true,
        _ => false,
    };

    // Times beyond the calendar of .NET stay numbers.
    private static bool TryFormatTime(long unixMilliseconds, Span<byte> target, out int written) =>
        unixMilliseconds < EarliestTime || unixMilliseconds > LatestTime
            ? unixMilliseconds.TryFormat(target, out written, default, CultureInfo.InvariantCulture)
            : DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).TryFormat(target, out written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static bool TryCopy(ReadOnlySpan<byte> bytes, Span<byte> target, out int written)
    {
        var fits = bytes.TryCopyTo(target);
        written = fits ? bytes.Length : 0;
        return fits;
    }
}
