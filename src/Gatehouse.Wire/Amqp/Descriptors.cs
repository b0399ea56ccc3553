namespace Gatehouse.Wire.Amqp;

/// <summary>Numeric descriptors, and the symbolic ones that mean the same. Sources: AMQP 1.0 §2.7, §2.8.14, §3.2, §3.4, §3.5, §4.5, §5.3.3.</summary>
public static class Descriptors
{
    public const ulong Open = 0x10;
    public const ulong Begin = 0x11;
    public const ulong Attach = 0x12;
    public const ulong Flow = 0x13;
    public const ulong Transfer = 0x14;
    public const ulong Disposition = 0x15;
    public const ulong Detach = 0x16;
    public const ulong End = 0x17;
    public const ulong Close = 0x18;
    public const ulong Error = 0x1d;
    public const ulong Received = 0x23;
    public const ulong Accepted = 0x24;
    public const ulong Rejected = 0x25;
    public const ulong Released = 0x26;
    public const ulong Modified = 0x27;
    public const ulong Source = 0x28;
    public const ulong Target = 0x29;
    public const ulong Coordinator = 0x30;
    public const ulong SaslMechanisms = 0x40;
    public const ulong SaslInit = 0x41;
    public const ulong SaslChallenge = 0x42;
    public const ulong SaslResponse = 0x43;
    public const ulong SaslOutcome = 0x44;
    public const ulong Header = 0x70;
    public const ulong DeliveryAnnotations = 0x71;
    public const ulong MessageAnnotations = 0x72;
    public const ulong Properties = 0x73;
    public const ulong ApplicationProperties = 0x74;
    public const ulong Data = 0x75;
    public const ulong AmqpSequence = 0x76;
    public const ulong AmqpValue = 0x77;
    public const ulong Footer = 0x78;

    /// <summary>What a symbolic descriptor becomes that is none of these.</summary>
    public const ulong Unknown = ulong.MaxValue;

    /// <summary>The number that stands for a symbolic descriptor. Rare: every known client sends numbers.</summary>
    internal static ulong FromSymbol(ReadOnlySpan<byte> symbol)
    {
        if (!symbol.StartsWith("amqp:"u8))
        {
            return Unknown;
        }

        var name = symbol["amqp:"u8.Length..];
        return name.EndsWith(":list"u8) ? FromList(name[..^":list"u8.Length])
            : name.EndsWith(":map"u8) ? FromMap(name[..^":map"u8.Length])
            : name.SequenceEqual("data:binary"u8) ? Data
            : name.SequenceEqual("amqp-value:*"u8) ? AmqpValue
            : Unknown;
    }

    private static ulong FromMap(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("delivery-annotations"u8) ? DeliveryAnnotations
        : name.SequenceEqual("message-annotations"u8) ? MessageAnnotations
        : name.SequenceEqual("application-properties"u8) ? ApplicationProperties
        : name.SequenceEqual("footer"u8) ? Footer
        : Unknown;

    private static ulong FromList(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("open"u8) ? Open
        : name.SequenceEqual("begin"u8) ? Begin
        : name.SequenceEqual("attach"u8) ? Attach
        : name.SequenceEqual("flow"u8) ? Flow
        : name.SequenceEqual("transfer"u8) ? Transfer
        : name.SequenceEqual("disposition"u8) ? Disposition
        : name.SequenceEqual("detach"u8) ? Detach
        : name.SequenceEqual("end"u8) ? End
        : name.SequenceEqual("close"u8) ? Close
        : name.SequenceEqual("error"u8) ? Error
        : name.SequenceEqual("received"u8) ? Received
        : name.SequenceEqual("accepted"u8) ? Accepted
        : name.SequenceEqual("rejected"u8) ? Rejected
        : name.SequenceEqual("released"u8) ? Released
        : name.SequenceEqual("modified"u8) ? Modified
        : name.SequenceEqual("source"u8) ? Source
        : name.SequenceEqual("target"u8) ? Target
        : name.SequenceEqual("coordinator"u8) ? Coordinator
        : name.SequenceEqual("sasl-mechanisms"u8) ? SaslMechanisms
        : name.SequenceEqual("sasl-init"u8) ? SaslInit
        : name.SequenceEqual("sasl-challenge"u8) ? SaslChallenge
        : name.SequenceEqual("sasl-response"u8) ? SaslResponse
        : name.SequenceEqual("sasl-outcome"u8) ? SaslOutcome
        : name.SequenceEqual("header"u8) ? Header
        : name.SequenceEqual("properties"u8) ? Properties
        : name.SequenceEqual("amqp-sequence"u8) ? AmqpSequence
        : Unknown;
}
