using System.Buffers;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>Feeds bytes to every reader there is. What must hold whatever they are: no exception, and what one reader admits another can walk.</summary>
internal static class Everything
{
    internal static void Read(byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        while (AmqpFrame.TryRead(ref buffer, 4096, out var frame, out _))
        {
            Bodies(frame.Body.ToArray());
        }

        Bodies(bytes);
        Values(bytes);
        Message(bytes);
        _ = ProtocolHeader.TryRead(bytes, out _);
    }

    private static void Bodies(byte[] bytes)
    {
        _ = Performative.TryReadCode(bytes, out _);
        Agree(Open.TryRead(bytes, out _, out var fault), fault);
        Agree(Begin.TryRead(bytes, out _, out fault), fault);
        Agree(Attach.TryRead(bytes, out _, out fault), fault);
        Agree(Flow.TryRead(bytes, out _, out fault), fault);
        Agree(Transfer.TryRead(bytes, out _, out fault), fault);
        Agree(Disposition.TryRead(bytes, out _, out fault), fault);
        Agree(Detach.TryRead(bytes, out _, out fault), fault);
        Agree(End.TryRead(bytes, out _, out fault), fault);
        Agree(Close.TryRead(bytes, out _, out fault), fault);
        Agree(Terminus.TryRead(bytes, out _, out fault), fault);
        Agree(AmqpError.TryRead(bytes, out _, out fault), fault);
        Agree(DeliveryState.TryRead(bytes, out _, out fault), fault);
        Agree(SaslMechanisms.TryRead(bytes, out _, out fault), fault);
        Agree(SaslInit.TryRead(bytes, out _, out fault), fault);
        Agree(SaslChallenge.TryRead(bytes, out _, out fault), fault);
        Agree(SaslResponse.TryRead(bytes, out _, out fault), fault);
        Agree(SaslOutcome.TryRead(bytes, out _, out fault), fault);
    }

    private static void Values(byte[] bytes)
    {
        var skipping = new AmqpReader(bytes);
        var building = new AmqpReader(bytes);
        var isSkipped = skipping.TrySkip();
        if (building.TryReadObject(out var value))
        {
            Assert.True(isSkipped);
            Assert.Equal(skipping.Position, building.Position);
            Assert.Equal(Trees.Describe(value), Trees.Describe(Again(value)));
        }

        var reader = new AmqpReader(bytes);
        _ = reader.TryReadBoolean(out _) || reader.TryReadUByte(out _) || reader.TryReadUShort(out _) || reader.TryReadUInt(out _) || reader.TryReadULong(out _)
            || reader.TryReadInt(out _) || reader.TryReadLong(out _) || reader.TryReadTimestamp(out _) || reader.TryReadUuid(out _) || reader.TryReadBinary(out _, out _)
            || reader.TryReadString(out _) || reader.TryReadSymbol(out _) || reader.TryReadSymbols(out _) || reader.TryReadMapObject(out _) || reader.TryReadNull();
        if (reader.TryReadList(out var fields, out _) || reader.TryReadMap(out fields, out _))
        {
            _ = fields.TryEnd();
        }
    }

    private static object? Again(object? value)
    {
        Assert.True(new AmqpReader(Encoded.Object(value)).TryReadObject(out var again));
        return again;
    }

    private static void Message(byte[] bytes)
    {
        var text = new byte[4096];
        var message = new MessageReader(bytes);
        while (message.Read())
        {
            Section(message.Value, text);
        }

        Section(bytes, text);
        var batch = new BatchReader(bytes);
        while (batch.Read())
        {
            Assert.True(batch.Message.Length <= bytes.Length);
        }
    }

    private static void Section(ReadOnlySpan<byte> value, byte[] text)
    {
        if (PropertiesReader.TryRead(value, out var properties, out _))
        {
            _ = properties.MessageId.FormatTo(text);
            _ = properties.CorrelationId.FormatTo(text);
        }

        var map = new MapReader(value);
        while (map.Read())
        {
            _ = map.TryFormatValue(text, out _, out _);
            _ = map.TryGetInteger(out _) || map.TryGetString(out _) || map.TryGetBoolean(out _) || map.TryGetTimestamp(out _);
        }

        _ = MessageBody.TryReadData(value, out _) || MessageBody.TryReadValue(value, out _);
    }

    private static void Agree(bool isRead, AmqpFault fault) => Assert.Equal(isRead, fault == AmqpFault.None);
}
