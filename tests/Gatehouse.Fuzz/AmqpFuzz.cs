using System.Buffers;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>The AMQP readers: frames, performatives, values, message sections: a value for every input.</summary>
public sealed class AmqpFuzz
{
    private static readonly byte[][] Words =
    [
        [0x00, 0x53, 0x10], [0x00, 0x53, 0x75], [0x00, 0x44], [0x40], [0x45], [0xc0, 1, 0], [0xc1, 1, 0], [0xd0, 0, 0, 0, 4, 0, 0, 0, 0], [0xe0, 2, 0, 0x45],
        [0xf0, 0, 0, 0, 5, 0x77, 0x35, 0x94, 0x00, 0x45], [0xa1, 1, 0x61], [0xa3, 1, 0x61], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff], [0x56, 1], [0x73, 0, 0, 0xd8, 0],
    ];

    private static readonly AmqpMap Map = new()
    {
        { new Symbol("k"), new List<object?> { 1, "text", new AmqpMap { { "a", new Symbol("b") } } } },
        { new Symbol("d"), new AmqpDescribed(0x468C00000004UL, "x > '1'") },
        { new Symbol("a"), new object?[] { 1u, 2u } },
        { new Symbol("u"), Guid.Empty },
    };

    private static readonly AmqpError Error = new() { Condition = AmqpConditions.NotFound, Description = "why", Info = Map };

    private static readonly byte[] Source = new Terminus { IsSource = true, Address = "a/b", Filters = Map, Outcomes = ["amqp:accepted:list"] }.ToBytes();

    private static readonly byte[][] Bodies =
    [
        By(static writer => new Open { ContainerId = "c", HostName = "h", IdleTimeOut = 1000, DesiredCapabilities = ["x", "y"], Properties = Map }.Write(writer)),
        By(static writer => new Begin { NextOutgoingId = 1, IncomingWindow = 5000, OutgoingWindow = 5000, HandleMax = 7 }.Write(writer)),
        By(static writer => new Attach { Name = "l", Handle = 1, IsReceiver = true, Source = Source, Target = new Terminus { Address = "t" }.ToBytes(), Properties = Map }.Write(writer)),
        By(static writer => new Flow { IncomingWindow = 1, NextOutgoingId = 2, OutgoingWindow = 3, Handle = 4, LinkCredit = 500, Drain = true }.Write(writer)),
        By(static writer =>
        {
            new Transfer { Handle = 1, DeliveryId = 2, HasTag = true, DeliveryTag = new byte[16], More = true }.Write(writer);
            writer.Descriptor(Descriptors.Data);
            writer.Binary([1, 2, 3]);
        }),
        By(static writer => new Disposition { IsReceiver = true, First = 1, Last = 300, State = Outcome.Rejected, Error = Error }.Write(writer)),
        By(static writer => new Disposition { First = 1, State = Outcome.Modified, IsDeliveryFailed = true }.Write(writer)),
        By(static writer => new Detach { Handle = 1, IsClosed = true, Error = Error }.Write(writer)),
        By(static writer => new End { Error = Error }.Write(writer)),
        By(static writer => new Close { Error = Error }.Write(writer)),
        By(static writer => new SaslMechanisms { Mechanisms = ["PLAIN", "EXTERNAL"] }.Write(writer)),
        By(static writer => new SaslInit { Mechanism = "PLAIN", InitialResponse = [0, 1, 0, 2], HostName = "h" }.Write(writer)),
        By(static writer => new SaslChallenge { Challenge = [1, 2] }.Write(writer)),
        By(static writer => new SaslResponse { Response = [1, 2] }.Write(writer)),
        By(static writer => new SaslOutcome { Code = SaslCode.Auth }.Write(writer)),
        Source,
    ];

    private static readonly byte[] Message = By(static writer =>
    {
        var properties = new CompositeWriter(writer, Descriptors.Properties);
        properties.Object(Guid.Empty);
        properties.Binary([1], isNull: false);
        properties.String("to");
        properties.Null();
        properties.Null();
        properties.ULong(7);
        properties.Symbol("application/json");
        properties.End();
        writer.Descriptor(Descriptors.ApplicationProperties);
        writer.Object(new AmqpMap { { "s", "v" }, { "n", -5 }, { "d", 1.5 }, { "t", new AmqpTimestamp(1) }, { "b", new byte[] { 0xff } }, { "g", Guid.Empty } });
        writer.Descriptor(Descriptors.MessageAnnotations);
        writer.Object(Map);
        writer.Descriptor(Descriptors.Data);
        writer.Binary("body"u8);
    });

    private static readonly byte[] Batch = By(static writer =>
    {
        for (var i = 0; i < 2; i++)
        {
            writer.Descriptor(Descriptors.Data);
            writer.Binary(Message);
        }
    });

    private static readonly FuzzOptions Options = new() { Words = Words, AllocationBytes = 1024 * 1024 };

    private delegate void WriteBody(AmqpWriter writer);

    [Fact]
    public void Frames_and_performatives_are_read_or_refused() => FuzzRun.Run(
        [.. Bodies.Select(Frame), [.. Bodies.SelectMany(Frame)], .. Bodies],
        static input =>
        {
            var buffer = new ReadOnlySequence<byte>(input.ToArray());
            while (AmqpFrame.TryRead(ref buffer, 4096, out var frame, out _))
            {
                ReadBody(frame.Body.ToArray());
            }

            ReadBody(input);
        },
        Options);

    [Fact]
    public void Values_are_read_alike_by_every_reader() => FuzzRun.Run(
        [.. Bodies, By(static writer => writer.Object(Map)), Message],
        static input =>
        {
            var skipping = new AmqpReader(input);
            var isSkipped = skipping.TrySkip();
            var building = new AmqpReader(input);
            if (building.TryReadObject(out var value))
            {
                Assert.True(isSkipped);
                Assert.Equal(skipping.Position, building.Position);
                var again = By(writer => writer.Object(value));
                Assert.True(new AmqpReader(again).TryReadObject(out var copy));
                Assert.Equal(again, By(writer => writer.Object(copy)));
            }

            _ = new AmqpReader(input).TryReadSymbols(out _) || new AmqpReader(input).TryReadMapObject(out _);
        },
        Options);

    [Fact]
    public void Messages_and_batches_are_read_or_refused()
    {
        var text = new byte[8192];
        FuzzRun.Run(
            [Message, Batch],
            input =>
            {
                ReadSections(input, text);
                for (var batch = new BatchReader(input); batch.Read();)
                {
                    ReadSections(batch.Message, text);
                }
            },
            Options with { AllocationBytes = 0, AllocationBytesPerByte = 0 });
    }

    private static void ReadBody(ReadOnlySpan<byte> body)
    {
        _ = Performative.TryReadCode(body, out _);
        _ = Open.TryRead(body, out _, out _) || Begin.TryRead(body, out _, out _) || Flow.TryRead(body, out _, out _) || Transfer.TryRead(body, out _, out _)
            || Disposition.TryRead(body, out _, out _) || Detach.TryRead(body, out _, out _) || End.TryRead(body, out _, out _) || Close.TryRead(body, out _, out _)
            || SaslMechanisms.TryRead(body, out _, out _) || SaslInit.TryRead(body, out _, out _) || SaslChallenge.TryRead(body, out _, out _)
            || SaslResponse.TryRead(body, out _, out _) || SaslOutcome.TryRead(body, out _, out _) || Terminus.TryRead(body, out _, out _);
        if (Attach.TryRead(body, out var attach, out _))
        {
            _ = Terminus.TryRead(attach.Source, out _, out _);
            _ = Terminus.TryRead(attach.Target, out _, out _);
        }
    }

    private static void ReadSections(ReadOnlySpan<byte> bytes, byte[] text)
    {
        for (var message = new MessageReader(bytes); message.Read();)
        {
            if (PropertiesReader.TryRead(message.Value, out var properties, out _))
            {
                _ = properties.MessageId.FormatTo(text) + properties.CorrelationId.FormatTo(text);
            }

            for (var map = new MapReader(message.Value); map.Read();)
            {
                _ = map.TryFormatValue(text, out _, out _) && map.TryGetInteger(out _);
            }

            _ = MessageBody.TryReadData(message.Value, out _) || MessageBody.TryReadValue(message.Value, out _);
        }
    }

    private static byte[] Frame(byte[] body) => By(writer =>
    {
        var mark = writer.BeginFrame(0, body[2] is >= 0x40 and <= 0x44 ? AmqpFrame.SaslType : AmqpFrame.AmqpType);
        writer.Raw(body);
        writer.EndFrame(mark);
    });

    private static byte[] By(WriteBody write)
    {
        var buffer = new AmqpBuffer();
        write(new AmqpWriter(buffer));
        return buffer.Written.ToArray();
    }
}
