using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Amqp;

/// <summary>How SASL ended. Source: AMQP 1.0 §5.3.3.6.</summary>
public enum SaslCode : byte
{
    Ok = 0,

    /// <summary>The proof was wrong.</summary>
    Auth = 1,

    Sys = 2,

    /// <summary>A fault that stays.</summary>
    SysPerm = 3,

    /// <summary>A fault that may pass: try again later.</summary>
    SysTemp = 4,
}

/// <summary>The server's verdict. Source: AMQP 1.0 §5.3.3.5.</summary>
public sealed class SaslOutcome
{
    public required SaslCode Code { get; init; }

    /// <summary>Null when absent.</summary>
    public byte[]? AdditionalData { get; init; }

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out SaslOutcome? value, out AmqpFault fault)
    {
        value = null;
        if (!Performative.TryOpen(body, Descriptors.SaslOutcome, out var fields, out fault))
        {
            return false;
        }

        if (!fields.TryReadChoice(out var code, (byte)SaslCode.SysTemp) || !fields.TryReadBinary(out var data, out var isNull) || !fields.TryEnd())
        {
            fault = fields.Fault;
            return false;
        }

        if (code is null)
        {
            fault = AmqpFault.MandatoryFieldMissing;
            return false;
        }

        value = new SaslOutcome { Code = (SaslCode)code, AdditionalData = isNull ? null : data.ToArray() };
        return true;
    }

    public void Write(AmqpWriter writer)
    {
        var fields = new CompositeWriter(writer, Descriptors.SaslOutcome);
        fields.UByte((byte)Code);
        fields.Binary(AdditionalData, isNull: AdditionalData is null);
        fields.End();
    }
}
