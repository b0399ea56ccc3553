using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Queues;

/// <summary>A message of a queue that is locked for a link.</summary>
public abstract class QueueItem
{
    /// <summary>Names the lock; the delivery tag is made of it.</summary>
    public abstract Guid LockToken { get; }

    /// <summary>Writes the message's sections.</summary>
    public abstract void Write(AmqpWriter writer);
}
