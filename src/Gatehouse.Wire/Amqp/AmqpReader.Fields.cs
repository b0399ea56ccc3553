namespace Gatehouse.Wire.Amqp;

/// <content>Fields of composites: mandatory ones, and those with a default.</content>
public ref partial struct AmqpReader
{
    internal bool TryRequireUInt(out uint value)
    {
        var isRead = TryReadUInt(out var read);
        value = read.GetValueOrDefault();
        return isRead && Require(read.HasValue);
    }

    internal bool TryRequireBoolean(out bool value)
    {
        var isRead = TryReadBoolean(out var read);
        value = read.GetValueOrDefault();
        return isRead && Require(read.HasValue);
    }

    internal bool TryRequireString(out string value)
    {
        var isRead = TryReadString(out var read);
        value = read ?? string.Empty;
        return isRead && Require(read is not null);
    }

    internal bool TryRequireSymbol(out string value)
    {
        var isRead = TryReadSymbol(out var read);
        value = read ?? string.Empty;
        return isRead && Require(read is not null);
    }

    internal bool TryRequireBinary(out byte[] value)
    {
        var isRead = TryReadBinary(out var read, out var isNull);
        value = isRead ? read.ToArray() : [];
        return isRead && Require(!isNull);
    }

    internal bool TryReadBoolean(out bool value, bool otherwise)
    {
        var isRead = TryReadBoolean(out var read);
        value = read ?? otherwise;
        return isRead;
    }

    internal bool TryReadUInt(out uint value, uint otherwise)
    {
        var isRead = TryReadUInt(out var read);
        value = read ?? otherwise;
        return isRead;
    }

    internal bool TryReadUShort(out ushort value, ushort otherwise)
    {
        var isRead = TryReadUShort(out var read);
        value = read ?? otherwise;
        return isRead;
    }

    /// <summary>An enumeration on the wire: a ubyte up to <paramref name="max"/>, or null.</summary>
    internal bool TryReadChoice(out byte? value, byte max) => TryReadUByte(out value) && (value.GetValueOrDefault() <= max || Fail(AmqpFault.InvalidValue));

    private bool Require(bool isPresent) => isPresent || Fail(AmqpFault.MandatoryFieldMissing);
}
