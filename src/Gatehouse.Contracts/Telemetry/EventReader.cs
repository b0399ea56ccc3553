using System.Text;

namespace Gatehouse.Contracts.Telemetry;

/// <summary>Walks the fields of a stored event record (layout: <see cref="EventWriter"/>). A broken record throws: the log's checksum should have caught it.</summary>
public ref struct EventReader
{
    private readonly ReadOnlySpan<byte> fields;
    private int position;

    /// <exception cref="InvalidDataException">Unknown version or truncated head.</exception>
    public EventReader(ReadOnlySpan<byte> record)
    {
        if (record.Length < EventWriter.PrefixLength || record[0] != EventWriter.Version)
        {
            throw new InvalidDataException("The event record is truncated or of an unknown version.");
        }

        var length = (record[1] << 16) | (record[2] << 8) | record[3];
        if (length > record.Length - EventWriter.PrefixLength)
        {
            throw new InvalidDataException("The head of the event record is longer than the record.");
        }

        fields = record.Slice(EventWriter.PrefixLength, length);
        Body = record[(EventWriter.PrefixLength + length)..];
    }

    /// <summary>The body exactly as the device sent it.</summary>
    public ReadOnlySpan<byte> Body { get; }

    public EventField Field { get; private set; }

    /// <summary>Key of an application property; empty for other fields.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly string KeyText => Encoding.UTF8.GetString(Key);

    public readonly string ValueText => Encoding.UTF8.GetString(Value);

    /// <summary>Moves to the next field; false at the end.</summary>
    /// <exception cref="InvalidDataException">A length runs past the head.</exception>
    public bool Read()
    {
        if (position >= fields.Length)
        {
            return false;
        }

        Field = (EventField)fields[position++];
        Key = Field is EventField.Application or EventField.ApplicationNull ? TakeBytes() : default;
        Value = Field is EventField.ApplicationNull ? default : TakeBytes();
        return true;
    }

    private ReadOnlySpan<byte> TakeBytes()
    {
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (position >= fields.Length || shift > 21)
            {
                throw new InvalidDataException("A length in the event record is broken.");
            }

            var part = fields[position++];
            length |= (part & 0x7f) << shift;
            if (part < 0x80)
            {
                break;
            }
        }

        if (length > fields.Length - position)
        {
            throw new InvalidDataException("A field of the event record runs past its head.");
        }

        var bytes = fields.Slice(position, length);
        position += length;
        return bytes;
    }
}
