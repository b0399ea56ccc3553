namespace Gatehouse.Wire.Amqp;

/// <summary>Walks a batch: a message of format <see cref="MessageFormat"/>, each of whose data sections is one encoded message.</summary>
/// <remarks>
/// Sections of the outer message other than data are passed over. An inner message may be empty, and an empty one takes five bytes:
/// whoever walks a batch bounds the number of messages.
/// </remarks>
public ref struct BatchReader(ReadOnlySpan<byte> message)
{
    /// <summary>message-format of a batch. Source: Event Hubs and device SDKs.</summary>
    public const uint MessageFormat = 0x80013700;

    private MessageReader sections = new(message);

    /// <summary>One encoded message.</summary>
    public ReadOnlySpan<byte> Message { get; private set; }

    /// <summary>Not None when <see cref="Read"/> gave false before the end.</summary>
    public AmqpFault Fault { get; private set; }

    /// <summary>Moves to the next message; false at the end or on a fault.</summary>
    public bool Read()
    {
        while (sections.Read())
        {
            if (sections.Section == Descriptors.Data && MessageBody.TryReadData(sections.Value, out var bytes))
            {
                Message = bytes;
                return true;
            }

            if (sections.Section is Descriptors.AmqpValue or Descriptors.AmqpSequence)
            {
                Fault = AmqpFault.WrongType;
                return false;
            }
        }

        Fault = Fault == AmqpFault.None ? sections.Fault : Fault;
        return false;
    }
}
