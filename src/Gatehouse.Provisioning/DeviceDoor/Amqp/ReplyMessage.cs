using Gatehouse.Wire.Amqp;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>What a device is told over AMQP: the JSON of HTTPS, with the correlation id of its request.</summary>
internal static class ReplyMessage
{
    /// <param name="correlationId">Encoded, as it came; empty for none.</param>
    /// <param name="answer">What it is told.</param>
    /// <param name="retryAfter">Seconds that it is to wait before it asks again.</param>
    internal static byte[] Make(ReadOnlySpan<byte> correlationId, DeviceAnswer answer, int retryAfter)
    {
        var body = answer.Encode();
        var buffer = new AmqpBuffer();
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        for (var i = 0; i < 5; i++)
        {
            writer.Null();
        }

        if (correlationId.IsEmpty)
        {
            writer.Null();
        }
        else
        {
            writer.Raw(correlationId);
        }

        writer.String("application/json");
        writer.EndList(list, 7);
        if (answer.IsPending)
        {
            writer.Descriptor(Descriptors.ApplicationProperties);
            var map = writer.BeginMap();
            writer.String(RegistrationFault.RetryAfter);
            writer.Int(retryAfter);
            writer.String(RegistrationFault.RetryAfterOfNode);
            writer.Int(retryAfter);
            writer.EndMap(map, 4);
        }

        writer.Descriptor(Descriptors.Data);
        writer.Binary(body);
        var message = buffer.Written.ToArray();
        buffer.Release();
        return message;
    }
}
