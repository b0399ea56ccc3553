using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>A message taken apart by the strict reader, sections in the order of the wire.</summary>
internal sealed class DecodedMessage
{
    internal DecodedMessage(ReadOnlySpan<byte> message)
    {
        var reader = new MessageReader(message);
        while (reader.Read())
        {
            Order.Add(reader.Section);
            var value = new AmqpReader(reader.Value);
            Assert.True(value.TryReadObject(out var tree), $"section {reader.Section:x}: {value.Fault}");
            Sections[reader.Section] = tree;
        }

        Assert.Equal(AmqpFault.None, reader.Fault);
    }

    internal List<ulong> Order { get; } = [];

    internal Dictionary<ulong, object?> Sections { get; } = [];

    internal AmqpMap DeliveryAnnotations => (AmqpMap)Sections[Descriptors.DeliveryAnnotations]!;

    internal AmqpMap Annotations => (AmqpMap)Sections[Descriptors.MessageAnnotations]!;

    internal AmqpMap Application => (AmqpMap)Sections[Descriptors.ApplicationProperties]!;

    internal List<object?> Properties => (List<object?>)Sections[Descriptors.Properties]!;

    internal byte[] Body => (byte[])Sections[Descriptors.Data]!;

    internal static object? Get(AmqpMap map, string key) => map.TryGet(key, out var value) ? value : throw new KeyNotFoundException(key);
}
