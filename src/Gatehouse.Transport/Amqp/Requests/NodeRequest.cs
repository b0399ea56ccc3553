using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Requests;

/// <summary>A request to a node that answers: <c>$cbs</c>, <c>$management</c>.</summary>
public sealed class NodeRequest
{
    private const int ReplyToField = 4;

    /// <summary>Encoded message-id, to come back as correlation-id with the type that it came with; empty when there was none.</summary>
    public byte[] MessageId { get; private set; } = [];

    /// <summary>Where the peer wants the answer; null when it does not say.</summary>
    public string? ReplyTo { get; private set; }

    /// <summary>Application properties; empty when there were none.</summary>
    public AmqpMap Application { get; private set; } = new();

    /// <summary>The amqp-value, or the bytes of the first data section; null without a body.</summary>
    public object? Body { get; private set; }

    /// <summary>False when the message cannot be read.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> message, out NodeRequest request)
    {
        request = new NodeRequest();
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            var value = new AmqpReader(sections.Value);
            var isRead = sections.Section switch
            {
                Descriptors.Properties => request.TryReadProperties(ref value),
                Descriptors.ApplicationProperties => request.TryReadApplication(ref value),
                Descriptors.AmqpValue or Descriptors.Data => request.TryReadBody(ref value),
                _ => true,
            };
            if (!isRead)
            {
                return false;
            }
        }

        return sections.Fault == AmqpFault.None;
    }

    private bool TryReadProperties(ref AmqpReader value)
    {
        if (!value.TryReadList(out var fields, out var count))
        {
            return false;
        }

        for (var i = 0; i < Math.Min(count, ReplyToField + 1); i++)
        {
            if (!fields.TryReadRaw(out var raw))
            {
                return false;
            }

            if (i == 0)
            {
                MessageId = new AmqpReader(raw).TryReadNull() ? [] : raw.ToArray();
            }
            else if (i == ReplyToField && new AmqpReader(raw).TryReadString(out var replyTo))
            {
                ReplyTo = replyTo;
            }
        }

        return true;
    }

    private bool TryReadApplication(ref AmqpReader value)
    {
        if (!value.TryReadObject(out var map))
        {
            return false;
        }

        Application = map as AmqpMap ?? Application;
        return map is AmqpMap or null;
    }

    private bool TryReadBody(ref AmqpReader value)
    {
        if (!value.TryReadObject(out var body))
        {
            return false;
        }

        Body ??= body;
        return true;
    }
}
