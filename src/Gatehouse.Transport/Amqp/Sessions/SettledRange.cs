using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Sessions;

/// <summary>Neighbouring deliveries with one outcome, gathered into one disposition.</summary>
internal struct SettledRange
{
    private bool isAny;
    private Settlement range;

    internal bool TryExtend(uint deliveryId, Outcome outcome, bool isSettled)
    {
        if (!isAny || outcome != range.Outcome || isSettled != range.IsSettled || deliveryId != unchecked(range.Last + 1))
        {
            return false;
        }

        range = range with { Last = deliveryId };
        return true;
    }

    internal void Begin(uint deliveryId, Outcome outcome, bool isSettled) => (isAny, range) = (true, new Settlement(deliveryId, deliveryId, outcome, isSettled));

    internal bool TryTake(out Settlement taken)
    {
        taken = range;
        var had = isAny;
        isAny = false;
        return had;
    }
}

/// <param name="First">First delivery.</param>
/// <param name="Last">Last delivery.</param>
/// <param name="Outcome">Of all of them.</param>
/// <param name="IsSettled">False where the peer settles (receiver settle mode second).</param>
internal readonly record struct Settlement(uint First, uint Last, Outcome Outcome, bool IsSettled);
