using System.Collections.Concurrent;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Gateway.Faults;

/// <summary>Faults that devices have ordered for themselves; there only with <see cref="GatewayOptions.FaultInjection"/>. Each device reaches nobody but itself.</summary>
/// <remarks>Source: the end-to-end tests of the Node, C#, Java and C SDKs: the device works on for the delay, then is in fault for the duration.</remarks>
internal sealed class FaultInjection
{
    // Of one identity; more are not carried out. A client orders one and waits.
    private const int MaxOrders = 8;

    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<(HubName, IdentityKey), Faults> faults = new();

    internal FaultInjection(TimeProvider time, ILogger log)
    {
        (this.time, this.log) = (time, log);
        log.FaultInjectionOn();
    }

    /// <summary>Carries an order out when its delay is over.</summary>
    /// <param name="principal">Who orders it for itself.</param>
    /// <param name="order">What.</param>
    /// <param name="strike">Cuts what is to be cut; must not throw.</param>
    /// <param name="ended">Ends the waiting: what was to be cut is gone.</param>
    internal void Take(Principal principal, FaultOrder order, Action<FaultOrder> strike, CancellationToken ended)
    {
        var of = faults.GetOrAdd((principal.Hub, principal.Identity!.Value), static _ => new Faults());
        if (Interlocked.Increment(ref of.Waiting) > MaxOrders)
        {
            Interlocked.Decrement(ref of.Waiting);
            return;
        }

        log.FaultOrdered(principal.Hub.Value, principal.Identity.ToString()!, order.Type, order.Delay.TotalSeconds);
        if (order.IsRefusal)
        {
            var from = time.GetUtcNow() + order.Delay;
            of.Refusal = new Refusal(order, from, from + order.Duration);
            Interlocked.Decrement(ref of.Waiting);
            return;
        }

        _ = StrikeAsync(of, order, strike, ended);
    }

    /// <summary>What this device's messages are to be refused with now; null: nothing.</summary>
    internal HubError? RefusalOf(Principal principal)
    {
        if (!faults.TryGetValue((principal.Hub, principal.Identity!.Value), out var of) || of.Refusal is not { } refusal)
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (now >= refusal.Until)
        {
            of.Refusal = null;
        }

        return now >= refusal.From && now < refusal.Until
            ? refusal.Order.Error with { RetryAfterSeconds = refusal.Order.Type == FaultType.InvokeThrottling ? (int)Math.Max(1, Math.Ceiling((refusal.Until - now).TotalSeconds)) : null }
            : null;
    }

    private async Task StrikeAsync(Faults of, FaultOrder order, Action<FaultOrder> strike, CancellationToken ended)
    {
        try
        {
            // Never while the message is still being handled: its acknowledgement leaves first.
            await Task.Delay(order.Delay > TimeSpan.Zero ? order.Delay : TimeSpan.FromMilliseconds(1), time, ended);
            strike(order);
        }
        catch (OperationCanceledException)
        {
            // The connection is gone already.
        }
        finally
        {
            Interlocked.Decrement(ref of.Waiting);
        }
    }

    private sealed record Refusal(FaultOrder Order, DateTimeOffset From, DateTimeOffset Until);

    private sealed class Faults
    {
        internal int Waiting;

        internal volatile Refusal? Refusal;
    }
}
