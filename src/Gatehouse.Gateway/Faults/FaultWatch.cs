using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Gateway.Faults;

/// <summary>What one session or link asks of each message while fault injection is on.</summary>
internal sealed class FaultWatch : IDisposable
{
    private readonly FaultInjection faults;
    private readonly Principal principal;
    private readonly Action<FaultOrder> strike;
    private readonly CancellationTokenSource ending = new();
    private readonly CancellationToken ended;

    internal FaultWatch(FaultInjection faults, Principal principal, Action<FaultOrder> strike)
    {
        (this.faults, this.principal, this.strike) = (faults, principal, strike);
        ended = ending.Token;
    }

    /// <summary>What messages are to be refused with now.</summary>
    internal HubError? Refusal => faults.RefusalOf(principal);

    /// <summary>Takes an order; true when the message was one. It is acknowledged and goes no further.</summary>
    /// <param name="head">Of the message's event record.</param>
    internal bool TryTake(ReadOnlySpan<byte> head)
    {
        if (FaultOrder.Read(head) is not { } order)
        {
            return false;
        }

        faults.Take(principal, order, strike, ended);
        return true;
    }

    public void Dispose()
    {
        ending.Cancel();
        ending.Dispose();
    }
}
