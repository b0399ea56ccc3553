using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Begins a session. Source: AMQP 1.0 §2.7.2.</summary>
public sealed class Begin
{
    /// <summary>Channel of the peer that this answers; null in a begin that asks.</summary>
    public ushort? RemoteChannel { get; init; }

    /// <summary>Transfer-id of the next transfer; any start, wraps around.</summary>
    public required uint NextOutgoingId { get; init; }

    /// <summary>Transfer frames.</summary>
    public required uint IncomingWindow { get; init; }

    /// <summary>Transfer frames.</summary>
    public required uint OutgoingWindow { get; init; }

    /// <summary>Highest handle that the sender accepts.</summary>
    public uint HandleMax { get; init; } = uint.MaxValue;

    public string[] OfferedCapabilities { get; init; } = [];

    public string[] DesiredCapabilities { get; init; } = [];

    public AmqpMap? Properties { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out Begin? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.Begin, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryReadUShort(out var remoteChannel)
            || !fields.TryRequireUInt(out var nextOutgoingId)
            || !fields.TryRequireUInt(out var incomingWindow)
            || !fields.TryRequireUInt(out var outgoingWindow)
            || !fields.TryReadUInt(out var handleMax, uint.MaxValue)
            || !fields.TryReadSymbols(out var offered)
            || !fields.TryReadSymbols(out var desired)
            || !fields.TryReadMapObject(out var properties)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Begin
        {
            RemoteChannel = remoteChannel,
            NextOutgoingId = nextOutgoingId,
            IncomingWindow = incomingWindow,
            OutgoingWindow = outgoingWindow,
            HandleMax = handleMax,
            OfferedCapabilities = offered,
            DesiredCapabilities = desired,
            Properties = properties,
        };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Begin);
        fields.UShort(RemoteChannel);
        fields.UInt(NextOutgoingId);
        fields.UInt(IncomingWindow);
        fields.UInt(OutgoingWindow);
        fields.UInt(HandleMax == uint.MaxValue ? null : HandleMax);
        fields.Symbols(OfferedCapabilities);
        fields.Symbols(DesiredCapabilities);
        fields.Map(Properties);
        fields.End();
    }
}
