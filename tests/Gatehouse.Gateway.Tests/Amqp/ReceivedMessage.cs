using System.Text;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>A message as its receiver decodes it.</summary>
internal sealed class ReceivedMessage
{
    internal ReceivedMessage(uint handle, byte[] message)
    {
        Handle = handle;
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            switch (sections.Section)
            {
                case Descriptors.Properties:
                    PropertiesReader.TryRead(sections.Value, out var properties, out _);
                    CorrelationId = properties.CorrelationId.Raw.ToArray();
                    break;
                case Descriptors.MessageAnnotations:
                    Collect(sections.Value, Annotations);
                    break;
                case Descriptors.ApplicationProperties:
                    Collect(sections.Value, Application);
                    break;
                case Descriptors.Data:
                    MessageBody.TryReadData(sections.Value, out var data);
                    Body = Encoding.UTF8.GetString(data);
                    break;
            }
        }

        if (sections.Fault != AmqpFault.None)
        {
            throw new Xunit.Sdk.XunitException($"The message cannot be read: {sections.Fault}");
        }
    }

    internal uint Handle { get; }

    /// <summary>Encoded; empty when there is none.</summary>
    internal byte[] CorrelationId { get; } = [];

    /// <summary>Null without a data section.</summary>
    internal string? Body { get; }

    /// <summary>Encoded values by name.</summary>
    internal Dictionary<string, byte[]> Annotations { get; } = [];

    internal Dictionary<string, byte[]> Application { get; } = [];

    /// <summary>The annotation <c>status</c>, which must be an int.</summary>
    internal int Status => Annotations["status"] is [0x54 or 0x71, ..] raw && new AmqpReader(raw).TryReadObject(out var status) ? (int)status! : -1;

    private static void Collect(ReadOnlySpan<byte> section, Dictionary<string, byte[]> values)
    {
        var pairs = new MapReader(section);
        while (pairs.Read())
        {
            values[Encoding.UTF8.GetString(pairs.Key)] = pairs.Value.ToArray();
        }
    }
}
