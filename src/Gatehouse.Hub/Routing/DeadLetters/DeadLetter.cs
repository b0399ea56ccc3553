using Gatehouse.Hub.Events;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing.DeadLetters;

/// <summary>A message that an endpoint did not take.</summary>
/// <param name="Id">Within the endpoint: partition and sequence number in its queue.</param>
/// <param name="Reason">What the far end said last; one sentence.</param>
/// <param name="BuriedTime">When it was given up.</param>
/// <param name="Event">As the endpoint would have got it.</param>
public sealed record DeadLetter(string Id, string Reason, DateTimeOffset BuriedTime, HubEvent Event)
{
    internal static DeadLetter Of(DeadLetterRow row)
    {
        var enqueued = new DateTimeOffset(row.Enqueued, TimeSpan.Zero);
        return new DeadLetter(
            new DeadLetterId(row.Part, row.Sequence).ToString(), row.Reason, new DateTimeOffset(row.Buried, TimeSpan.Zero), EventRecords.Read((int)row.Part, new StoredEvent(row.Sequence, enqueued, row.Record)));
    }
}
