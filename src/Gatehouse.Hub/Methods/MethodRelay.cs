using System.Collections.Concurrent;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.Methods;

/// <summary>Calls between nodes. "Who serves this device?" goes to all; one that does, or comes to within the caller's patience, offers itself; the first offer gets the call and sends the answer.</summary>
/// <remarks>The payload travels only after an offer, and to one node's address, so that no method runs twice. A signal that is lost is a call that times out.</remarks>
internal sealed class MethodRelay : IDisposable
{
    private readonly ISignals signals;
    private readonly ServedIdentities served;
    private readonly TimeProvider time;
    private readonly Guid node = Guid.NewGuid();
    private readonly ConcurrentDictionary<Guid, RouteWait> asked = new();
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<Result<MethodAnswer>?>> running = new();
    private readonly IDisposable[] subscriptions;
    private readonly CancellationTokenSource stopping = new();

    // Of a source that is gone there is none: signals may still come while this is disposed.
    private readonly CancellationToken stopped;

    internal MethodRelay(ISignals signals, ServedIdentities served, TimeProvider time)
    {
        (this.signals, this.served, this.time, stopped) = (signals, served, time, stopping.Token);
        subscriptions = !signals.ReachesOthers ? [] :
        [
            signals.Subscribe(SignalSubjects.MethodAsked, OnAsked),
            signals.Subscribe(SignalSubjects.MethodOffered, OnOffered),
            signals.Subscribe(SignalSubjects.MethodStarted, OnStarted),
            signals.Subscribe(SignalSubjects.MethodAnswered, OnAnswered),
        ];
    }

    internal bool ReachesOthers => signals.ReachesOthers;

    /// <summary>Waits until a session of any node serves the identity; null when none came.</summary>
    internal async Task<MethodRoute?> FindAsync(RouteWait wait, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!ReachesOthers)
        {
            return await wait.WaitAsync(patience, time, cancellationToken);
        }

        var id = Guid.NewGuid();
        asked[id] = wait;
        try
        {
            await signals.PublishAsync(MethodSignals.Asked(wait.Callee, id, patience), cancellationToken);
            return await wait.WaitAsync(patience, time, cancellationToken);
        }
        finally
        {
            asked.TryRemove(id, out _);
        }
    }

    /// <summary>Has another node run the call; null when its session had ended meanwhile.</summary>
    internal async Task<Result<MethodAnswer>?> RunAsync(Guid other, Callee callee, MethodRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<Result<MethodAnswer>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        running[request.Id] = answer;
        try
        {
            await signals.PublishAsync(MethodSignals.Started(callee, other, request, timeout), cancellationToken);
            return await answer.Task.WaitAsync(timeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return HubErrors.GatewayTimeout;
        }
        finally
        {
            running.TryRemove(request.Id, out _);
        }
    }

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }

        stopping.Cancel();
        stopping.Dispose();
    }

    private void OnAsked(Signal signal)
    {
        // This node hears itself too; it waits already.
        if (MethodSignals.TryReadAsked(signal, out var asking) && !asked.ContainsKey(asking.Id))
        {
            _ = OfferAsync(asking, stopped);
        }
    }

    private async Task OfferAsync(MethodSignals.Asking asking, CancellationToken cancellationToken)
    {
        var wait = served.Wait(asking.Callee);
        try
        {
            if (await wait.WaitAsync(asking.Patience, time, cancellationToken) is not null)
            {
                await signals.PublishAsync(MethodSignals.Offered(asking.Callee.Hub, asking.Id, node), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        finally
        {
            served.Leave(wait);
        }
    }

    private void OnOffered(Signal signal)
    {
        if (MethodSignals.TryReadOffered(signal, out var id, out var other) && asked.TryGetValue(id, out var wait))
        {
            wait.TrySet(new MethodRoute.There(other));
        }
    }

    private void OnStarted(Signal signal)
    {
        if (MethodSignals.TryReadStarted(signal, out var starting) && starting.Node == node)
        {
            _ = RunForOtherAsync(starting, stopped);
        }
    }

    private async Task RunForOtherAsync(MethodSignals.Starting starting, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = served.Find(starting.Callee) is { } methods
                ? await methods.RunAsync(starting.Request, starting.Timeout, time, cancellationToken)
                : null;
            await signals.PublishAsync(MethodSignals.Answered(starting.Callee.Hub, starting.Request.Id, outcome), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The server stops; its sessions end and the caller's time runs out.
        }
    }

    private void OnAnswered(Signal signal)
    {
        if (MethodSignals.TryReadAnswered(signal, out var id, out var outcome) && running.TryRemove(id, out var answer))
        {
            answer.TrySetResult(outcome);
        }
    }
}
