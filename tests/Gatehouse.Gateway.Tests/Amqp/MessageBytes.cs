using System.Text;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>Encodes messages section by section, in the order of the calls.</summary>
internal sealed class MessageBytes
{
    private readonly AmqpBuffer buffer = new();

    internal byte[] ToArray() => buffer.Written.ToArray();

    /// <summary>A message with a text for its body and nothing else.</summary>
    internal static byte[] Of(string body) => new MessageBytes().Data(Encoding.UTF8.GetBytes(body)).ToArray();

    /// <summary>A batch of encoded messages.</summary>
    internal static byte[] Batch(params IEnumerable<byte[]> messages) => messages.Aggregate(new MessageBytes(), static (batch, each) => batch.Data(each)).ToArray();

    internal MessageBytes Data(byte[] body) => Section(Descriptors.Data, body);

    internal MessageBytes Value(object? body) => Section(Descriptors.AmqpValue, body);

    internal MessageBytes Section(ulong section, object? value)
    {
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(section);
        writer.Object(value);
        return this;
    }

    /// <summary>Fields in their order; trailing ones may be left out.</summary>
    internal MessageBytes Properties(params object?[] fields) => Section(Descriptors.Properties, fields.ToList());

    internal MessageBytes Application(params (string Key, object? Value)[] pairs)
    {
        var map = new AmqpMap();
        foreach (var (key, value) in pairs)
        {
            map.Add(key, value);
        }

        return Section(Descriptors.ApplicationProperties, map);
    }

    internal MessageBytes Annotations(params (string Key, object? Value)[] pairs)
    {
        var map = new AmqpMap();
        foreach (var (key, value) in pairs)
        {
            map.AddSymbol(key, value);
        }

        return Section(Descriptors.MessageAnnotations, map);
    }
}
