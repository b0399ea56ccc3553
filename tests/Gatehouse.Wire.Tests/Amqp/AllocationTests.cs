using System.Buffers;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Wire.Tests.Amqp;

/// <summary>The path of a message allocates nothing, in either direction.</summary>
public sealed class AllocationTests
{
    private static readonly byte[] Message =
    [
        .. Encoded.Described(0x73, Encoded.List32(Encoded.String("id"), [0x40], Encoded.String("to"), [0x40], [0x40], [0x53, 7], Encoded.Symbol("application/json"))),
        .. Encoded.Described(0x74, Encoded.Map32(Encoded.String("k"), Encoded.String("v"), Encoded.String("n"), [0x54, 5])),
        .. Encoded.Described(0x75, 0xa0, 3, 1, 2, 3),
    ];

    [Fact]
    public void Reading_a_frame_and_its_transfer_and_message()
    {
        var bytes = Encoded.By(static writer =>
        {
            var mark = writer.BeginFrame(1);
            new Transfer { Handle = 1, DeliveryId = 2, HasTag = true, DeliveryTag = new byte[16], Settled = false }.Write(writer);
            writer.Raw(Message);
            writer.EndFrame(mark);
        });
        var text = new byte[100];

        AssertNothing(() =>
        {
            var buffer = new ReadOnlySequence<byte>(bytes);
            var sections = 0;
            if (AmqpFrame.TryRead(ref buffer, 65_536, out var frame, out _) && Transfer.TryRead(frame.Body.FirstSpan, out var transfer, out _))
            {
                var message = new MessageReader(transfer.Payload);
                while (message.Read())
                {
                    sections += Walk(message.Section, message.Value, text);
                }
            }

            return sections == 3;
        });
    }

    [Fact]
    public void Reading_a_batch()
    {
        byte[] batch = [.. Enumerable.Repeat<byte[]>([0x00, 0x53, 0x75, 0xa0, (byte)Message.Length, .. Message], 3).SelectMany(static part => part)];

        AssertNothing(() =>
        {
            var count = 0;
            for (var reader = new BatchReader(batch); reader.Read();)
            {
                count++;
            }

            return count == 3;
        });
    }

    [Fact]
    public void Reading_and_writing_flow_and_disposition()
    {
        var output = new AmqpBuffer();
        output.Write(new byte[1000]);

        AssertNothing(() =>
        {
            output.Clear();
            var writer = new AmqpWriter(output);
            new Flow { NextIncomingId = 1, IncomingWindow = 2, NextOutgoingId = 3, OutgoingWindow = 4, Handle = 5, DeliveryCount = 6, LinkCredit = 7 }.Write(writer);
            var end = output.Length;
            new Disposition { IsReceiver = true, First = 8, Last = 900, Settled = true, State = Outcome.Accepted }.Write(writer);
            return Flow.TryRead(output.Written[..end], out var flow, out _) && Disposition.TryRead(output.Written[end..], out var disposition, out _)
                && flow.LinkCredit == 7 && disposition.Last == 900;
        });
    }

    [Fact]
    public void Writing_a_transfer_and_its_message()
    {
        var output = new AmqpBuffer();
        output.Write(new byte[1000]);
        var tag = new byte[16];

        AssertNothing(() =>
        {
            output.Clear();
            var writer = new AmqpWriter(output);
            var mark = writer.BeginFrame(7);
            new Transfer { Handle = 1, DeliveryId = 2, HasTag = true, DeliveryTag = tag, Settled = true }.Write(writer);
            var properties = new CompositeWriter(writer, Descriptors.Properties);
            properties.String("id"u8);
            properties.Null();
            properties.String("to"u8);
            properties.End();
            writer.Descriptor(Descriptors.MessageAnnotations);
            var map = writer.BeginMap();
            writer.Symbol("x-opt-sequence-number"u8);
            writer.Long(5);
            writer.Symbol("x-opt-enqueued-time");
            writer.Timestamp(1_700_000_000_000);
            writer.EndMap(map, 4);
            writer.Descriptor(Descriptors.Data);
            writer.Binary(tag);
            writer.EndFrame(mark);
            return output.Length > 100;
        });
    }

    private static int Walk(ulong section, ReadOnlySpan<byte> value, byte[] text)
    {
        switch (section)
        {
            case Descriptors.Properties:
                return PropertiesReader.TryRead(value, out var properties, out _) && properties.MessageId.FormatTo(text) == 2 && properties.CorrelationId.FormatTo(text) == 1 ? 1 : 0;
            case Descriptors.ApplicationProperties:
                var pairs = 0;
                for (var map = new MapReader(value); map.Read();)
                {
                    pairs += map.TryFormatValue(text, out var written, out _) ? written : 0;
                }

                return pairs == 2 ? 1 : 0;
            default:
                return MessageBody.TryReadData(value, out var bytes) ? bytes.Length / 3 : 0;
        }
    }

    private static void AssertNothing(Func<bool> work)
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.True(work());
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var isDone = true;
        for (var i = 0; i < 100; i++)
        {
            isDone &= work();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(isDone);
    }
}
