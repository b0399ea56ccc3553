using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>A source or target of a link. Source: AMQP 1.0 §3.5.3, §3.5.4; coordinator: §4.5.1.</summary>
public sealed class Terminus
{
    /// <summary>Source (true) or target.</summary>
    public bool IsSource { get; init; }

    /// <summary>The target of a transaction controller; never offered.</summary>
    public bool IsCoordinator { get; init; }

    /// <summary>Node address, a string or symbol on the wire; null when absent or of another type.</summary>
    public string? Address { get; init; }

    /// <summary>0 none, 1 configuration, 2 unsettled-state.</summary>
    public uint Durable { get; init; }

    /// <summary>Null when absent; session-end then.</summary>
    public string? ExpiryPolicy { get; init; }

    /// <summary>Seconds that the terminus outlives its expiry.</summary>
    public uint TimeoutSeconds { get; init; }

    /// <summary>The peer asks for a node that is made for it.</summary>
    public bool IsDynamic { get; init; }

    public AmqpMap? DynamicNodeProperties { get; init; }

    /// <summary>Of a source: move or copy; null when absent.</summary>
    public string? DistributionMode { get; init; }

    /// <summary>Of a source: filters by name; values are mostly <see cref="AmqpDescribed"/>.</summary>
    public AmqpMap? Filters { get; init; }

    /// <summary>Of a source: outcomes that the peer can use.</summary>
    public string[] Outcomes { get; init; } = [];

    public string[] Capabilities { get; init; } = [];

    /// <summary>Reads a described source, target or coordinator.</summary>
    public static bool TryRead(ReadOnlySpan<byte> raw, [NotNullWhen(true)] out Terminus? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryReadCode(raw, out var code) || code is not (Descriptors.Source or Descriptors.Target or Descriptors.Coordinator))
        {
            fault = AmqpFault.UnknownPerformative;
            return false;
        }

        if (!Performative.TryOpen(raw, code, out var fields, out fault))
        {
            return false;
        }

        var isRead = code == Descriptors.Coordinator ? TryReadCoordinator(ref fields, out value) : TryReadNode(ref fields, code == Descriptors.Source, out value);
        fault = isRead ? AmqpFault.None : fields.Fault;
        return isRead;
    }

    /// <summary>The described source or target as the bytes that <see cref="Attach"/> takes.</summary>
    public byte[] ToBytes()
    {
        var buffer = new AmqpBuffer();
        Write(new AmqpWriter(buffer));
        return buffer.Written.ToArray();
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, IsCoordinator ? Descriptors.Coordinator : IsSource ? Descriptors.Source : Descriptors.Target);
        if (!IsCoordinator)
        {
            fields.String(Address);
            fields.UInt(Durable == 0 ? null : Durable);
            fields.Symbol(ExpiryPolicy);
            fields.UInt(TimeoutSeconds == 0 ? null : TimeoutSeconds);
            fields.Boolean(IsDynamic ? true : null);
            fields.Map(DynamicNodeProperties);
        }

        if (IsSource)
        {
            fields.Symbol(DistributionMode);
            fields.Map(Filters);
            fields.Null();
            fields.Symbols(Outcomes);
        }

        fields.Symbols(Capabilities);
        fields.End();
    }

    private static bool TryReadCoordinator(ref AmqpReader fields, out Terminus? value)
    {
        value = null;
        if (!fields.TryReadSymbols(out var capabilities) || !fields.TryEnd())
        {
            return false;
        }

        value = new Terminus { IsCoordinator = true, Capabilities = capabilities };
        return true;
    }

    private static bool TryReadNode(ref AmqpReader fields, bool isSource, out Terminus? value)
    {
        value = null;
        string? distributionMode = null;
        AmqpMap? filters = null;
        string[] outcomes = [];
        if (!TryReadAddress(ref fields, out var address)
            || !fields.TryReadUInt(out var durable, 0)
            || !fields.TryReadSymbol(out var expiryPolicy)
            || !fields.TryReadUInt(out var timeout, 0)
            || !fields.TryReadBoolean(out var isDynamic, otherwise: false)
            || !fields.TryReadMapObject(out var nodeProperties)
            || (isSource && !TryReadSourceFields(ref fields, out distributionMode, out filters, out outcomes))
            || !fields.TryReadSymbols(out var capabilities)
            || !fields.TryEnd())
        {
            return false;
        }

        value = new Terminus
        {
            IsSource = isSource,
            Address = address,
            Durable = durable,
            ExpiryPolicy = expiryPolicy,
            TimeoutSeconds = timeout,
            IsDynamic = isDynamic,
            DynamicNodeProperties = nodeProperties,
            DistributionMode = distributionMode,
            Filters = filters,
            Outcomes = outcomes,
            Capabilities = capabilities,
        };
        return true;
    }

    private static bool TryReadSourceFields(ref AmqpReader fields, out string? distributionMode, out AmqpMap? filters, out string[] outcomes)
    {
        (filters, outcomes) = (null, []);
        return fields.TryReadSymbol(out distributionMode) && fields.TryReadMapObject(out filters) && fields.TrySkip() && fields.TryReadSymbols(out outcomes);
    }

    private static bool TryReadAddress(ref AmqpReader fields, out string? address)
    {
        address = null;
        if (!fields.TryReadOptional(out var raw))
        {
            return false;
        }

        if (!raw.IsEmpty && new AmqpReader(raw).TryReadTextBytes(out var text, out _))
        {
            address = System.Text.Encoding.UTF8.GetString(text);
        }

        return true;
    }
}
