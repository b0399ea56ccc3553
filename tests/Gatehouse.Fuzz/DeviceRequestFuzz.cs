using Gatehouse.Gateway.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>What a device sends on its links for methods and its twin: what is understood can be answered, and its body lies within the message.</summary>
public sealed class DeviceRequestFuzz
{
    private static readonly byte[][] Words =
    [
        [0x00, 0x53, 0x73], [0x00, 0x53, 0x74], [0x00, 0x53, 0x72], [0x00, 0x53, 0x75], [0x00, 0x53, 0x77], [0x40], [0x45], [0x43], [0x98], [0x54, 0x80], [0x55, 0x80],
        [0x71, 0x80, 0, 0, 0], [0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xa0, 16], [0xa3, 3, 0x47, 0x45, 0x54], "IoThub-status"u8.ToArray(), "operation"u8.ToArray(), "version"u8.ToArray(),
    ];

    private static readonly byte[][] Seeds =
    [
        Encode(
            (Descriptors.Properties, new List<object?> { null, null, null, null, null, Guid.Parse("01234567-89ab-4def-8123-456789abcdef") }),
            (Descriptors.ApplicationProperties, new AmqpMap { { "IoThub-status", 200 } }),
            (Descriptors.Data, "{}"u8.ToArray())),
        Encode(
            (Descriptors.Properties, new List<object?> { null, null, null, null, null, "01234567-89ab-4def-8123-456789abcdef" }),
            (Descriptors.ApplicationProperties, new AmqpMap { { "IoThub-status", "-1" } }),
            (Descriptors.AmqpValue, "null")),
        Encode(
            (Descriptors.MessageAnnotations, Symbols(("operation", "PATCH"), ("resource", "/properties/reported"), ("version", 7L))),
            (Descriptors.Properties, new List<object?> { null, null, null, null, null, "id" }),
            (Descriptors.Data, "{"u8.ToArray()),
            (Descriptors.Data, "}"u8.ToArray())),
        Encode(
            (Descriptors.Properties, new List<object?> { null, null, null, null, null, 7ul }),
            (Descriptors.MessageAnnotations, Symbols(("operation", "PUT"), ("resource", "/notifications/twin/properties/desired"), ("version", null)))),
    ];

    [Fact]
    public void An_answer_to_a_method_has_its_payload_within_the_message() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            if (MethodAnswerMessage.TryRead(input, out var answer))
            {
                Assert.InRange(answer.CopyPayload().Length, 0, input.Length);
            }
        },
        new FuzzOptions { Words = Words });

    [Fact]
    public void A_request_to_a_twin_can_be_answered_in_a_message_that_can_be_read() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            if (!TwinRequest.TryRead(input, out var request))
            {
                return;
            }

            Assert.InRange(request.BodyOf(input.ToArray()).Length, 0, input.Length);
            var sections = new MessageReader(TwinMessage.Answer(request.CorrelationId, 204, request.Version, default));
            var echoed = false;
            while (sections.Read())
            {
                if (sections.Section == Descriptors.Properties)
                {
                    Assert.True(PropertiesReader.TryRead(sections.Value, out var properties, out _));
                    echoed = properties.CorrelationId.Raw.SequenceEqual(request.CorrelationId);
                }
            }

            Assert.True(echoed && sections.Fault == AmqpFault.None);
        },
        new FuzzOptions { Words = Words });

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
