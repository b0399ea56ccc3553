using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.Methods;

/// <summary>Direct methods: a call goes to the session that serves the identity, on this node or another, and its answer comes back. Nothing is stored.</summary>
public sealed class DirectMethods : IDisposable
{
    private readonly ICredentialSource credentials;
    private readonly MethodOptions options;
    private readonly MethodMetrics metrics;
    private readonly TimeProvider time;
    private readonly MethodSeats seats;
    private readonly ServedIdentities served = new();
    private readonly MethodRelay relay;

    internal DirectMethods(ICredentialSource credentials, ISignals signals, MethodOptions options, MethodMetrics metrics, TimeProvider time)
    {
        (this.credentials, this.options, this.metrics, this.time) = (credentials, options, metrics, time);
        seats = new MethodSeats(options);
        relay = new MethodRelay(signals, served, time);
    }

    /// <summary>Tells, on the session's thread, that an identity can be called on this node from now on.</summary>
    internal event Action<HubName, IdentityKey> Came
    {
        add => served.Came += value;
        remove => served.Came -= value;
    }

    /// <summary>Calls a method and waits for the answer. The device's own failure is an answer, not an error.</summary>
    /// <remarks>ArgumentInvalid, MessageTooLarge; DeviceNotFound, ModuleNotFound; DeviceNotOnline (also for a disabled device); GatewayTimeout when no answer came, or the connection ended before it;
    /// GenericBadGateway for an answer that is too large or no JSON; DeviceMaximumInflightMethodExceeded, ThrottlingException.</remarks>
    public async Task<Result<MethodAnswer>> InvokeAsync(HubName hub, IdentityKey identity, MethodCall call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var outcome = MethodRules.FindFault(call, options) is { } fault ? fault : await CheckAndRunAsync(hub, identity, call, cancellationToken);
        metrics.Invoked(outcome.Error?.Name ?? "ok", time.GetElapsedTime(started));
        return outcome;
    }

    /// <summary>A session wants to take the identity's methods: from <see cref="ServedMethods.Begin"/> on, until what is returned is disposed.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="identity">Whose methods.</param>
    /// <param name="generationId">Of the session's identity: calls of a later owner of its name do not reach it. Null for any.</param>
    /// <param name="target">The session's end.</param>
    public ServedMethods Open(HubName hub, IdentityKey identity, string? generationId, IMethodTarget target) => new(served, options, new Callee(hub, identity, generationId), target);

    public void Dispose() => relay.Dispose();

    private async Task<Result<MethodAnswer>> CheckAndRunAsync(HubName hub, IdentityKey identity, MethodCall call, CancellationToken cancellationToken)
    {
        var known = await credentials.FindIdentityAsync(hub, identity, cancellationToken);
        if (known is null)
        {
            return identity.IsModule && await credentials.FindIdentityAsync(hub, new IdentityKey(identity.Device), cancellationToken) is not null
                ? HubErrors.ModuleNotFound
                : HubErrors.DeviceNotFound;
        }

        if (!known.IsEnabled)
        {
            return HubErrors.DeviceNotOnline;
        }

        if (seats.TryEnter(hub, identity, call.Payload.Length) is { } full)
        {
            return full;
        }

        try
        {
            return await RunAsync(new Callee(hub, identity, known.GenerationId), call, cancellationToken);
        }
        finally
        {
            seats.Leave(hub, identity, call.Payload.Length);
        }
    }

    private async Task<Result<MethodAnswer>> RunAsync(Callee callee, MethodCall call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var request = new MethodRequest(Guid.NewGuid(), call.Name, call.Payload.IsEmpty ? MethodRules.Null : call.Payload);
        while (true)
        {
            var route = await FindRouteAsync(callee, call.ConnectTimeout - time.GetElapsedTime(started), cancellationToken);
            var outcome = route switch
            {
                MethodRoute.Here here => await here.Methods.RunAsync(request, call.ResponseTimeout, time, cancellationToken),
                MethodRoute.There there => await relay.RunAsync(there.Node, callee, request, call.ResponseTimeout, cancellationToken),
                _ => HubErrors.DeviceNotOnline,
            };
            if (outcome is { } answer)
            {
                return answer;
            }

            // The session ended between being found and being asked: the method was not begun.
        }
    }

    private async Task<MethodRoute?> FindRouteAsync(Callee callee, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (served.Find(callee) is { } methods)
        {
            return new MethodRoute.Here(methods);
        }

        var wanted = relay.ReachesOthers && patience < options.PeerPatience ? options.PeerPatience : patience;
        if (wanted <= TimeSpan.Zero)
        {
            return null;
        }

        var wait = served.Wait(callee);
        try
        {
            return await relay.FindAsync(wait, wanted, cancellationToken);
        }
        finally
        {
            served.Leave(wait);
        }
    }
}
