using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>Why a link, session or connection ended or a message was rejected. Source: AMQP 1.0 §2.8.14.</summary>
public sealed class AmqpError
{
    /// <summary>One of <see cref="AmqpConditions"/>, or the peer's own.</summary>
    public required string Condition { get; init; }

    /// <summary>Text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Symbol keys.</summary>
    public AmqpMap? Info { get; init; }

    /// <summary>Reads a described error.</summary>
    public static bool TryRead(ReadOnlySpan<byte> raw, [NotNullWhen(true)] out AmqpError? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(raw, Descriptors.Error, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryReadSymbol(out var condition) || !fields.TryReadString(out var description) || !fields.TryReadMapObject(out var info) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        if (condition is null)
        {
            fault = AmqpFault.MandatoryFieldMissing;
            return false;
        }

        value = new AmqpError { Condition = condition, Description = description, Info = info };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.Error);
        fields.Symbol(Condition);
        fields.String(Description);
        fields.Map(Info);
        fields.End();
    }

    public override string ToString() => Description is null ? Condition : $"{Condition}: {Description}";

    /// <summary>Reads the error field of detach, end, close and rejected: null when absent.</summary>
    internal static bool TryReadField(ref AmqpReader fields, out AmqpError? error)
    {
        error = null;
        if (!fields.TryReadOptional(out var raw))
        {
            return false;
        }

        return raw.IsEmpty || TryRead(raw, out error, out var fault) || fields.Fail(fault);
    }
}
