using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Opens a connection. Source: AMQP 1.0 §2.7.1.</summary>
public sealed class Open
{
    public required string ContainerId { get; init; }

    /// <summary>Host that the client dialled, without a port; null when absent.</summary>
    public string? HostName { get; init; }

    /// <summary>Largest frame that the sender accepts. Bytes.</summary>
    public uint MaxFrameSize { get; init; } = uint.MaxValue;

    /// <summary>Highest channel number that the sender accepts.</summary>
    public ushort ChannelMax { get; init; } = ushort.MaxValue;

    /// <summary>The sender gives up after so long without a frame. Milliseconds; null: never.</summary>
    public uint? IdleTimeOut { get; init; }

    public string[] OfferedCapabilities { get; init; } = [];

    public string[] DesiredCapabilities { get; init; } = [];

    public AmqpMap? Properties { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out Open? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.Open, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryRequireString(out var containerId)
            || !fields.TryReadString(out var hostName)
            || !fields.TryReadUInt(out var maxFrameSize, uint.MaxValue)
            || !fields.TryReadUShort(out var channelMax, ushort.MaxValue)
            || !fields.TryReadUInt(out var idleTimeOut)
            || !fields.TrySkip()
            || !fields.TrySkip()
            || !fields.TryReadSymbols(out var offered)
            || !fields.TryReadSymbols(out var desired)
            || !fields.TryReadMapObject(out var properties)
            || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        value = new Open
        {
            ContainerId = containerId,
            HostName = hostName,
            MaxFrameSize = maxFrameSize,
            ChannelMax = channelMax,
            IdleTimeOut = idleTimeOut,
            OfferedCapabilities = offered,
            DesiredCapabilities = desired,
            Properties = properties,
        };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Open);
        fields.String(ContainerId);
        fields.String(HostName);
        fields.UInt(MaxFrameSize == uint.MaxValue ? null : MaxFrameSize);
        fields.UShort(ChannelMax == ushort.MaxValue ? null : ChannelMax);
        fields.UInt(IdleTimeOut);
        fields.Null();
        fields.Null();
        fields.Symbols(OfferedCapabilities);
        fields.Symbols(DesiredCapabilities);
        fields.Map(Properties);
        fields.End();
    }
}
