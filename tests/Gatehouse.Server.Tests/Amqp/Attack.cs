using System.Buffers.Binary;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Server.Tests.Amqp;

/// <summary>What a hostile peer sends: something once, then something for as long as it is let.</summary>
/// <param name="Name">For the test's name.</param>
/// <param name="Once">Written after the links to <c>$cbs</c> are attached (handles 0 and 1 of channel 0).</param>
/// <param name="Again">Written over and over, with a running number; null: the peer then only waits.</param>
internal sealed record Attack(string Name, Action<AmqpBuffer> Once, Action<AmqpBuffer, uint>? Again = null)
{
    private static readonly Action<AmqpBuffer> Nothing = static _ => { };

    /// <summary>Every case that has hurt an engine before, and more.</summary>
    internal static IReadOnlyDictionary<string, Attack> All { get; } = new Attack[]
    {
        new("zero-width arrays", frames => Raw(frames, ZeroWidthArray(0x45)), (frames, _) => Raw(frames, ZeroWidthArray(0x45))),
        new("zero-width arrays of null", frames => Raw(frames, ZeroWidthArray(0x40)), (frames, _) => Raw(frames, ZeroWidthArray(0x40))),
        new("deep lists", frames => Raw(frames, Begin(Nested(0xC0))), (frames, _) => Raw(frames, Begin(Nested(0xC0)))),
        new("deep descriptors", frames => Raw(frames, Begin([.. Enumerable.Repeat((byte)0x00, 4_000), 0x40]))),
        new("a map that counts to four thousand million", frames => Raw(frames, Begin([0xD1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]))),
        new("a string of two thousand million bytes", frames => Raw(frames, Begin([0xB1, 0x7F, 0xFF, 0xFF, 0xFF]))),
        new("a giant frame", frames => frames.Write([0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0]), (frames, _) => frames.Write(new byte[1_000])),
        new("a frame one byte above the limit", frames => frames.Write([0, 1, 0, 1, 2, 0, 0, 0]), (frames, _) => frames.Write(new byte[1_000])),
        new("a frame smaller than its header", frames => frames.Write([0, 0, 0, 3, 2, 0, 0, 0])),
        new("endless transfers of one delivery", Nothing, (frames, _) => Transfer(frames, 0, 0, 1_000, more: true)),
        new("endless empty transfers", Nothing, (frames, _) => Transfer(frames, 0, 0, 0, more: true)),
        new("many unfinished deliveries", frames => Attach(frames, 2, 6), (frames, i) => Transfer(frames, i % 6 is 0 or 1 ? 0 : i % 6, i, 900, more: true)),
        new("aborted deliveries", Nothing, (frames, i) => { Transfer(frames, 0, i, 900, more: true); Abort(frames, 0, i); }),
        new("transfers without credit", Nothing, (frames, i) => Transfer(frames, 0, i, 10)),
        new("transfers beyond the window", Nothing, (frames, i) => Transfer(frames, 0, i, 0)),
        new("transfers on a handle that is not attached", Nothing, (frames, i) => Transfer(frames, 77, i, 10)),
        new("transfers on a link on which the peer receives", Nothing, (frames, i) => Transfer(frames, 1, i, 10)),
        new("flows that ask for an echo", Nothing, (frames, _) => Flow(frames, 1, 10, echo: true)),
        new("flows with all the credit there is", Nothing, (frames, i) => Flow(frames, 1, uint.MaxValue, deliveryCount: i * 0x1000_0001)),
        new("flows with no window", frames => Flow(frames, 1, 1_000, window: 0), (frames, i) => AmqpClient.AddPutToken(frames, i, "SharedAccessSignature junk")),
        new("flows that drain", Nothing, (frames, i) => Flow(frames, 1, i % 3, drain: true)),
        new("dispositions of four thousand million deliveries", Nothing, (frames, _) => AmqpClient.Add(frames, 0, new Disposition { IsReceiver = true, First = 0, Last = uint.MaxValue, Settled = true, State = Outcome.Accepted }.Write)),
        new("dispositions of the peer's own deliveries", Nothing, (frames, i) => AmqpClient.Add(frames, 0, new Disposition { IsReceiver = false, First = i, Last = i + 1_000, Settled = true }.Write)),
        new("attaches without end", Nothing, (frames, i) => AmqpClient.Add(frames, 0, AmqpClient.Sender(2 + (i % 5_000), "$cbs").Write)),
        new("attach and detach", Nothing, (frames, i) => { AmqpClient.Add(frames, 0, AmqpClient.Receiver(9, "$cbs").Write); AmqpClient.Add(frames, 0, new Detach { Handle = 9, IsClosed = true }.Write); }),
        new("attaches with a long name", Nothing, (frames, i) => AmqpClient.Add(frames, 0, new Attach { Name = new string('n', 500) + i, Handle = 2 + (i % 1_000), IsReceiver = false, InitialDeliveryCount = 0, Target = new Terminus { Address = "$cbs" }.ToBytes() }.Write)),
        new("attaches to nowhere with all that fits into a frame", Nothing, (frames, i) => AmqpClient.Add(frames, 0, new Attach { Name = $"fat{i}", Handle = 2 + (i % 1_000), IsReceiver = false, InitialDeliveryCount = 0, Source = new Terminus { IsSource = true, Address = new string('s', 15_000) }.ToBytes(), Target = new Terminus { Address = "nowhere/" + new string('t', 1_500) }.ToBytes() }.Write)),
        new("attaches to nowhere", Nothing, (frames, i) => AmqpClient.Add(frames, 0, AmqpClient.Sender(2 + (i % 1_000), "nowhere").Write)),
        new("one name again and again", Nothing, (frames, i) => AmqpClient.Add(frames, 0, new Attach { Name = "same", Handle = 2 + (i % 1_000), IsReceiver = true, Source = new Terminus { IsSource = true, Address = "$cbs" }.ToBytes() }.Write)),
        new("sessions without end", Nothing, (frames, i) => AmqpClient.Add(frames, (ushort)(1 + (i % 60_000)), new Begin { NextOutgoingId = 0, IncomingWindow = 1, OutgoingWindow = 1 }.Write)),
        new("begin and end", Nothing, (frames, _) => { AmqpClient.Add(frames, 1, new Begin { NextOutgoingId = 0, IncomingWindow = 1, OutgoingWindow = 1 }.Write); AmqpClient.Add(frames, 1, new End().Write); }),
        new("requests whose answers nobody wants", frames => AmqpClient.Add(frames, 0, new Detach { Handle = 1, IsClosed = true }.Write), (frames, i) => AmqpClient.AddPutToken(frames, i, "SharedAccessSignature junk")),
        new("requests whose answers get no credit", frames => Flow(frames, 1, 0), (frames, i) => AmqpClient.AddPutToken(frames, i, "SharedAccessSignature junk")),
        new("requests that cannot be read", Nothing, (frames, i) => Transfer(frames, 0, i, 200)),
        new("tokens of the longest length", Nothing, (frames, i) => AmqpClient.AddPutToken(frames, i, "SharedAccessSignature sr=" + new string('a', 8_000))),
        new("heart-beats without end", Nothing, (frames, _) => frames.Write([0, 0, 0, 8, 2, 0, 0, 0])),
        new("a SASL frame after the AMQP header", Nothing, (frames, _) => AmqpClient.Add(frames, 0, new SaslInit { Mechanism = "ANONYMOUS" }.Write, AmqpFrame.SaslType)),
        new("an unknown performative", Nothing, (frames, _) => Raw(frames, [0x00, 0x53, 0x99, 0x45])),
        new("a second open", Nothing, (frames, _) => AmqpClient.Add(frames, 0, new Open { ContainerId = "again" }.Write)),
        new("transactions", Nothing, (frames, i) => AmqpClient.Add(frames, 0, new Attach { Name = $"t{i}", Handle = 2 + (i % 1_000), IsReceiver = false, InitialDeliveryCount = 0, Target = new Terminus { IsCoordinator = true }.ToBytes() }.Write)),
        new("frames on channels without a session", Nothing, (frames, i) => Raw(frames, [0x00, 0x53, 0x17, 0x45], (ushort)(i % 60_000))),
    }.ToDictionary(attack => attack.Name);

    private static void Raw(AmqpBuffer frames, byte[] body, ushort channel = 0) => AmqpClient.Add(frames, channel, writer => writer.Raw(body));

    /// <summary>begin with this as its properties.</summary>
    private static byte[] Begin(byte[] properties)
    {
        byte[] fields = [0x40, 0x43, 0x43, 0x43, 0x43, 0x40, 0x40, .. properties];
        var head = new byte[12];
        head[1] = 0x53;
        head[2] = 0x11;
        head[3] = 0xD0;
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), fields.Length + 4);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(8), 8);
        return [.. head, .. fields];
    }

    private static byte[] ZeroWidthArray(byte element) => Begin([0xC1, 0x10, 0x02, 0xA1, 0x01, (byte)'k', 0xF0, 0x00, 0x00, 0x00, 0x05, 0x77, 0x35, 0x94, 0x00, element]);

    private static byte[] Nested(byte _)
    {
        var bytes = new List<byte> { 0x45 };
        for (var i = 0; i < 600; i++)
        {
            var size = new byte[9];
            size[0] = 0xD0;
            BinaryPrimitives.WriteInt32BigEndian(size.AsSpan(1), bytes.Count + 4);
            BinaryPrimitives.WriteInt32BigEndian(size.AsSpan(5), 1);
            bytes.InsertRange(0, size);
        }

        return [.. bytes];
    }

    private static void Attach(AmqpBuffer frames, uint first, uint end)
    {
        for (var handle = first; handle < end; handle++)
        {
            AmqpClient.Add(frames, 0, AmqpClient.Sender(handle, "$cbs").Write);
        }
    }

    private static void Transfer(AmqpBuffer frames, uint handle, uint id, int length, bool more = false) => AmqpClient.Add(frames, 0, writer =>
    {
        new Wire.Amqp.Transfer { Handle = handle, DeliveryId = id, DeliveryTag = "t"u8, HasTag = true, More = more }.Write(writer);
        writer.Raw(new byte[length]);
    });

    private static void Abort(AmqpBuffer frames, uint handle, uint id) =>
        AmqpClient.Add(frames, 0, writer => new Wire.Amqp.Transfer { Handle = handle, DeliveryId = id, DeliveryTag = "t"u8, HasTag = true, Aborted = true }.Write(writer));

    private static void Flow(AmqpBuffer frames, uint handle, uint credit, uint deliveryCount = 0, uint window = 1_000, bool echo = false, bool drain = false) => AmqpClient.Add(frames, 0, new Flow
    {
        NextIncomingId = 0,
        IncomingWindow = window,
        NextOutgoingId = 0,
        OutgoingWindow = 1_000,
        Handle = handle,
        DeliveryCount = deliveryCount,
        LinkCredit = credit,
        Echo = echo,
        Drain = drain,
    }.Write);
}
