using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>What a device hears of its twin, as AMQP clients read it: answers bear the correlation-id of their request, desired changes none.</summary>
/// <remarks><c>status</c> is an int and <c>version</c> a long: C and C# read no other type. Source: device-plane §2.8 of the wire reference.</remarks>
internal static class TwinMessage
{
    /// <param name="correlationId">Encoded, as it came.</param>
    /// <param name="status">As over HTTP.</param>
    /// <param name="version">New version of the reported properties; null where there is none.</param>
    /// <param name="body">JSON, or nothing.</param>
    internal static byte[] Answer(ReadOnlySpan<byte> correlationId, int status, long? version, ReadOnlySpan<byte> body)
    {
        var buffer = new AmqpBuffer();
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(Descriptors.MessageAnnotations);
        var map = writer.BeginMap();
        writer.Symbol("status"u8);
        writer.Int(status);
        if (version is { } number)
        {
            writer.Symbol("version"u8);
            writer.Long(number);
        }

        writer.EndMap(map, version is null ? 2 : 4);
        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        for (var i = 0; i < 5; i++)
        {
            writer.Null();
        }

        writer.Raw(correlationId);
        writer.EndList(list, 6);
        return Finish(buffer, body);
    }

    internal static byte[] Desired(ReadOnlySpan<byte> json) => Finish(new AmqpBuffer(), json);

    private static byte[] Finish(AmqpBuffer buffer, ReadOnlySpan<byte> body)
    {
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(Descriptors.Data);
        writer.Binary(body);
        var message = buffer.Written.ToArray();
        buffer.Release();
        return message;
    }
}
