using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>A device's AMQP message: an event record that can be read, or a fault; and the room that is reckoned for its head is always enough.</summary>
public sealed class MessageEventFuzz
{
    private static readonly byte[][] Words =
    [
        [0x00, 0x53, 0x73], [0x00, 0x53, 0x74], [0x00, 0x53, 0x72], [0x00, 0x53, 0x75], [0x00, 0x53, 0x77], [0x40], [0x41], [0x42], [0x44], [0xa1, 1, 0x6b], [0xa1, 0], [0xa0, 1, 0xff], [0x45],
        [0x82, 0xff, 0xef, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x83, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x55, 0x80],
    ];

    private static readonly byte[] Stamps = EventWriter.EncodeFields((EventField.ConnectionDeviceId, "d1"), (EventField.MessageSource, "Telemetry"));

    private static readonly byte[][] Seeds =
    [
        Encode(
            (Descriptors.MessageAnnotations, Symbols(("dt-subject", "c"), ("iothub-interface-id", "i"), ("x", 1))),
            (Descriptors.Properties, new List<object?> { Guid.Empty, new byte[] { 0xff }, "to", null, null, 7ul, new Symbol("application/json"), null, new AmqpTimestamp(1) }),
            (Descriptors.ApplicationProperties, new AmqpMap { { "s", "v" }, { "n", -5 }, { "d", 1.5 }, { "t", new AmqpTimestamp(1) }, { "b", new byte[] { 0xff } }, { "g", Guid.Empty }, { "y", true }, { "z", null } }),
            (Descriptors.Data, "body"u8.ToArray()),
            (Descriptors.Data, "more"u8.ToArray())),
        Encode((Descriptors.AmqpValue, "text")),
        Encode((Descriptors.AmqpValue, new byte[] { 1 })),
    ];

    [Fact]
    public void A_message_becomes_a_record_or_a_fault() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            var room = new byte[MessageEvent.MaxHeadBytes(MessageEvent.CountSectionBytes(input), Stamps.Length)];
            var fault = MessageEvent.TryBuild(input, Stamps, room, out var head, out var body);
            Assert.NotEqual(MessageFault.TooLarge, fault);
            if (fault != MessageFault.None)
            {
                return;
            }

            Assert.InRange(body.Start + (body.Sections == 1 ? body.Length : 0), 0, input.Length);
            Assert.InRange(body.Length, 0, input.Length);
            BodyPlace.Join(input, new byte[body.Sections > 1 ? body.Length : input.Length]);
            var reader = new EventReader(head);
            while (reader.Read())
            {
                Assert.True(reader.Field is not (EventField.Application or EventField.ApplicationNull) || !reader.KeyText.StartsWith("iothub-connection-", StringComparison.Ordinal));
            }
        },
        new FuzzOptions { Words = Words, AllocationBytes = 1024 * 1024 });

    private static AmqpMap Symbols(params (string Key, object? Value)[] pairs)
    {
        var map = new AmqpMap();
        foreach (var (key, value) in pairs)
        {
            map.AddSymbol(key, value);
        }

        return map;
    }

    private static byte[] Encode(params (ulong Section, object? Value)[] sections)
    {
        var buffer = new AmqpBuffer();
        foreach (var (section, value) in sections)
        {
            var writer = new AmqpWriter(buffer);
            writer.Descriptor(section);
            writer.Object(value);
        }

        return buffer.Written.ToArray();
    }
}
