using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Sessions;

/// <summary>Deliveries that we sent and that are not settled, by their number.</summary>
internal sealed class OutgoingDeliveries
{
    private Dictionary<uint, OutgoingLink>? unsettled;
    private uint next;

    internal int Unsettled => unsettled?.Count ?? 0;

    internal uint Begin(OutgoingLink link, bool isSettled)
    {
        var id = next;
        unchecked
        {
            next++;
        }

        if (!isSettled)
        {
            (unsettled ??= [])[id] = link;
        }

        return id;
    }

    internal void Forget(uint deliveryId) => unsettled?.Remove(deliveryId);

    internal void Forget(OutgoingLink link)
    {
        if (unsettled is null)
        {
            return;
        }

        foreach (var (id, holder) in unsettled)
        {
            if (ReferenceEquals(holder, link))
            {
                unsettled.Remove(id);
            }
        }
    }

    /// <summary>A range may name four thousand million deliveries: only those that exist are looked at.</summary>
    internal void Settle(in Disposition disposition, List<OutcomeCall> calls)
    {
        if (unsettled is null || unsettled.Count == 0)
        {
            return;
        }

        var first = disposition.First;
        var span = unchecked((disposition.Last ?? first) - first);
        if (span < (uint)unsettled.Count)
        {
            for (uint i = 0; i <= span; i++)
            {
                Settle(unchecked(first + i), disposition, calls);
            }

            return;
        }

        foreach (var id in unsettled.Keys.Order().ToArray())
        {
            if (unchecked(id - first) <= span)
            {
                Settle(id, disposition, calls);
            }
        }
    }

    private void Settle(uint id, in Disposition disposition, List<OutcomeCall> calls)
    {
        if (!unsettled!.TryGetValue(id, out var link))
        {
            return;
        }

        calls.Add(new OutcomeCall(link, id, disposition.State, disposition.Settled));
        if (disposition.Settled)
        {
            unsettled.Remove(id);
        }
    }
}

/// <summary>A handler's call that is due outside the gate.</summary>
internal readonly record struct OutcomeCall(OutgoingLink Link, uint DeliveryId, Outcome Outcome, bool IsSettled);
