using System.Text;

namespace Gatehouse.Contracts.Telemetry;

/// <summary>
/// Writes the head of an event record into a caller's buffer, without allocating. Layout of a record:
/// <c>version(1) = 1 | head length (3 bytes, big endian) | fields… | body</c>; a field is <c>EventField(1) | [key length varint | key] | value length varint | value</c>,
/// where only <see cref="EventField.Application"/> and <see cref="EventField.ApplicationNull"/> have a key and the latter has no value. Text is UTF-8.
/// </summary>
public ref struct EventWriter
{
    internal const byte Version = 1;
    internal const int PrefixLength = 4;

    private readonly Span<byte> buffer;

    public EventWriter(Span<byte> buffer)
    {
        this.buffer = buffer;
        Length = PrefixLength;
    }

    /// <summary>Bytes written so far, the prefix included.</summary>
    public int Length { get; private set; }

    /// <summary>The fields written so far, for <see cref="TryAddEncoded"/> of another writer.</summary>
    public readonly ReadOnlySpan<byte> Fields => buffer[PrefixLength..Length];

    /// <summary>Copies fields that were encoded earlier (a session's constant stamps; see <see cref="EncodeFields"/>). False when the buffer is too small.</summary>
    public bool TryAddEncoded(scoped ReadOnlySpan<byte> fields)
    {
        if (!fields.TryCopyTo(buffer[Length..]))
        {
            return false;
        }

        Length += fields.Length;
        return true;
    }

    /// <summary>Adds a system property or stamp. False when the buffer is too small.</summary>
    public bool TryAdd(EventField field, scoped ReadOnlySpan<byte> value) => TryPutByte((byte)field) && TryPutBytes(value);

    /// <summary>Adds an application property. False when the buffer is too small.</summary>
    public bool TryAddApplication(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> value) =>
        TryPutByte((byte)EventField.Application) && TryPutBytes(key) && TryPutBytes(value);

    /// <summary>Adds an application property that has no value. False when the buffer is too small.</summary>
    public bool TryAddApplicationNull(scoped ReadOnlySpan<byte> key) => TryPutByte((byte)EventField.ApplicationNull) && TryPutBytes(key);

    /// <summary>Writes the prefix; the record is this head followed by the body. Call once, last.</summary>
    public readonly ReadOnlySpan<byte> Complete()
    {
        var fields = Length - PrefixLength;
        buffer[0] = Version;
        buffer[1] = (byte)(fields >> 16);
        buffer[2] = (byte)(fields >> 8);
        buffer[3] = (byte)fields;
        return buffer[..Length];
    }

    /// <summary>Encodes fields once, for <see cref="TryAddEncoded"/>. Null and empty values are left out.</summary>
    public static byte[] EncodeFields(params ReadOnlySpan<(EventField Field, string? Value)> fields)
    {
        var size = PrefixLength;
        foreach (var (_, value) in fields)
        {
            size += 6 + Encoding.UTF8.GetMaxByteCount(value?.Length ?? 0);
        }

        var writer = new EventWriter(new byte[size]);
        foreach (var (field, value) in fields)
        {
            if (!string.IsNullOrEmpty(value))
            {
                writer.TryAdd(field, Encoding.UTF8.GetBytes(value));
            }
        }

        return writer.buffer[PrefixLength..writer.Length].ToArray();
    }

    private bool TryPutByte(byte value)
    {
        if (Length >= buffer.Length)
        {
            return false;
        }

        buffer[Length++] = value;
        return true;
    }

    private bool TryPutBytes(scoped ReadOnlySpan<byte> value)
    {
        var length = (uint)value.Length;
        while (length >= 0x80)
        {
            if (!TryPutByte((byte)(length | 0x80)))
            {
                return false;
            }

            length >>= 7;
        }

        if (!TryPutByte((byte)length) || !value.TryCopyTo(buffer[Length..]))
        {
            return false;
        }

        Length += value.Length;
        return true;
    }
}
