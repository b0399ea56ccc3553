namespace Gatehouse.Wire.Amqp;

/// <summary>What a peer did wrong in bytes. How far it reaches (link, session, connection) is the engine's choice.</summary>
public enum AmqpFault
{
    None,
    Malformed,
    Truncated,
    TrailingBytes,
    FrameTooSmall,
    FrameTooLarge,
    DataOffset,
    UnknownFrameType,
    UnknownType,
    WrongType,
    InvalidValue,
    InvalidText,
    OddMap,
    CountTooLarge,
    TooDeep,
    TooMany,
    Descriptor,
    UnknownPerformative,
    MandatoryFieldMissing,
    UnknownSection,
    SectionRepeated,
}

/// <summary>The faults in words and as error conditions.</summary>
public static class AmqpFaults
{
    public static string Describe(this AmqpFault fault) => fault switch
    {
        AmqpFault.Malformed => "the values of a list, map or array do not fill its size",
        AmqpFault.Truncated => "the bytes end inside a value",
        AmqpFault.TrailingBytes => "a frame goes on after its performative",
        AmqpFault.FrameTooSmall => "a frame is smaller than its header",
        AmqpFault.FrameTooLarge => "a frame is larger than the limit",
        AmqpFault.DataOffset => "the data offset of a frame points outside of it",
        AmqpFault.UnknownFrameType => "a frame is neither AMQP nor SASL",
        AmqpFault.UnknownType => "a type constructor is unknown",
        AmqpFault.WrongType => "a value has not the type of its field",
        AmqpFault.InvalidValue => "a value is outside of what its field allows",
        AmqpFault.InvalidText => "a string is not valid UTF-8 or a symbol is not ASCII",
        AmqpFault.OddMap => "a map has a key without a value",
        AmqpFault.CountTooLarge => "a count is larger than the bytes that follow",
        AmqpFault.TooDeep => "values are nested too deeply",
        AmqpFault.TooMany => "a value holds too many elements",
        AmqpFault.Descriptor => "a descriptor is neither a ulong nor a symbol",
        AmqpFault.UnknownPerformative => "the descriptor is not the one expected here",
        AmqpFault.MandatoryFieldMissing => "a mandatory field is missing",
        AmqpFault.UnknownSection => "a message section is unknown",
        AmqpFault.SectionRepeated => "a message section is repeated or the message has two kinds of body",
        _ => "none",
    };

    /// <summary>The condition to name in a close, end or detach for this fault. Source: AMQP 1.0 §2.8.15, §2.8.16.</summary>
    public static string Condition(this AmqpFault fault) => fault switch
    {
        AmqpFault.FrameTooSmall or AmqpFault.FrameTooLarge or AmqpFault.DataOffset or AmqpFault.UnknownFrameType => AmqpConditions.FramingError,
        AmqpFault.MandatoryFieldMissing or AmqpFault.InvalidValue => AmqpConditions.InvalidField,
        AmqpFault.UnknownPerformative => AmqpConditions.NotImplemented,
        _ => AmqpConditions.DecodeError,
    };
}
