using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Attaches a link. Source: AMQP 1.0 §2.7.3.</summary>
public sealed class Attach
{
    /// <summary>0 unsettled, 1 settled, 2 mixed. Source: AMQP 1.0 §2.8.2.</summary>
    public const byte DefaultSenderSettleMode = 2;

    private const byte MaxReceiverSettleMode = 1;

    public required string Name { get; init; }

    public required uint Handle { get; init; }

    /// <summary>The role of whoever sent this attach.</summary>
    public required bool IsReceiver { get; init; }

    /// <summary>0 unsettled, 1 settled, 2 mixed.</summary>
    public byte SenderSettleMode { get; init; } = DefaultSenderSettleMode;

    /// <summary>False: the field was, or is to be, left out.</summary>
    public bool HasSenderSettleMode { get; init; } = true;

    /// <summary>0 first, 1 second.</summary>
    public byte ReceiverSettleMode { get; init; }

    /// <summary>False: the field was, or is to be, left out.</summary>
    public bool HasReceiverSettleMode { get; init; } = true;

    /// <summary>A described source as its bytes (<see cref="Terminus"/>); null: absent, which in an answer means refusal.</summary>
    public byte[]? Source { get; init; }

    /// <summary>A described target or coordinator as its bytes (<see cref="Terminus"/>); null: absent, which in an answer means refusal.</summary>
    public byte[]? Target { get; init; }

    /// <summary>The peer keeps unsettled deliveries of an earlier attach and would resume; the map itself is not read.</summary>
    public bool HasUnsettled { get; init; }

    public bool IsIncompleteUnsettled { get; init; }

    /// <summary>Mandatory from a sender by the standard, and yet left out by some: null then.</summary>
    public uint? InitialDeliveryCount { get; init; }

    /// <summary>Bytes; null or 0: no limit.</summary>
    public ulong? MaxMessageSize { get; init; }

    public string[] OfferedCapabilities { get; init; } = [];

    public string[] DesiredCapabilities { get; init; } = [];

    public AmqpMap? Properties { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out Attach? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.Attach, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireString(out var name)
            || !fields.TryRequireUInt(out var handle)
            || !fields.TryRequireBoolean(out var isReceiver)
            || !fields.TryReadChoice(out var senderSettleMode, DefaultSenderSettleMode)
            || !fields.TryReadChoice(out var receiverSettleMode, MaxReceiverSettleMode)
            || !fields.TryReadOptional(out var source)
            || !fields.TryReadOptional(out var target)
            || !fields.TryReadMap(out _, out var unsettled)
            || !fields.TryReadBoolean(out var isIncomplete, otherwise: false)
            || !fields.TryReadUInt(out var initialDeliveryCount)
            || !fields.TryReadULong(out var maxMessageSize)
            || !fields.TryReadSymbols(out var offered)
            || !fields.TryReadSymbols(out var desired)
            || !fields.TryReadMapObject(out var properties)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Attach
        {
            Name = name,
            Handle = handle,
            IsReceiver = isReceiver,
            SenderSettleMode = senderSettleMode ?? DefaultSenderSettleMode,
            HasSenderSettleMode = senderSettleMode.HasValue,
            ReceiverSettleMode = receiverSettleMode.GetValueOrDefault(),
            HasReceiverSettleMode = receiverSettleMode.HasValue,
            Source = source.IsEmpty ? null : source.ToArray(),
            Target = target.IsEmpty ? null : target.ToArray(),
            HasUnsettled = unsettled > 0,
            IsIncompleteUnsettled = isIncomplete,
            InitialDeliveryCount = initialDeliveryCount,
            MaxMessageSize = maxMessageSize,
            OfferedCapabilities = offered,
            DesiredCapabilities = desired,
            Properties = properties,
        };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Attach);
        fields.String(Name);
        fields.UInt(Handle);
        fields.Boolean(IsReceiver);
        fields.UByte(HasSenderSettleMode ? SenderSettleMode : null);
        fields.UByte(HasReceiverSettleMode ? ReceiverSettleMode : null);
        fields.Raw(Source);
        fields.Raw(Target);
        fields.Null();
        fields.Boolean(IsIncompleteUnsettled ? true : null);
        fields.UInt(InitialDeliveryCount);
        fields.ULong(MaxMessageSize);
        fields.Symbols(OfferedCapabilities);
        fields.Symbols(DesiredCapabilities);
        fields.Map(Properties);
        fields.End();
    }
}
