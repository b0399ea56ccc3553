using Gatehouse.Hub.Methods;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>A call of a direct method as AMQP clients read it.</summary>
/// <remarks>The correlation-id is a uuid and the body a data section, also without a payload: the C client takes nothing else. Source: device-plane §2.7 of the wire reference.</remarks>
internal static class MethodMessage
{
    /// <summary>What a request takes at most beside its name and payload.</summary>
    internal const int HeadBytes = 96;

    internal static void Write(AmqpWriter writer, in MethodRequest request)
    {
        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        for (var i = 0; i < 5; i++)
        {
            writer.Null();
        }

        writer.Uuid(request.Id);
        writer.EndList(list, 6);
        writer.Descriptor(Descriptors.ApplicationProperties);
        var map = writer.BeginMap();
        writer.String("IoThub-methodname"u8);
        writer.String(request.Name);
        writer.EndMap(map, 2);
        writer.Descriptor(Descriptors.Data);
        writer.Binary(request.Payload.Span);
    }
}
