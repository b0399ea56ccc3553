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

    /// <summary>From now on this session takes the identity's methods, until what is returned is disposed. An older session is displaced.</summary>
    public ServedMethods Serve(HubName hub, IdentityKey identity, IMethodTarget target)
    {
        var methods = new ServedMethods(served, options, hub, identity, target);
        served.Add(methods);
        return methods;
    }

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
            return await RunAsync(hub, identity, call, cancellationToken);
        }
        finally
        {
            seats.Leave(hub, identity, call.Payload.Length);
        }
    }

    private async Task<Result<MethodAnswer>> RunAsync(HubName hub, IdentityKey identity, MethodCall call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var request = new MethodRequest(Guid.NewGuid(), call.Name, call.Payload.IsEmpty ? MethodRules.Null : call.Payload);
        while (true)
        {
            var route = await FindRouteAsync(hub, identity, call.ConnectTimeout - time.GetElapsedTime(started), cancellationToken);
            var outcome = route switch
            {
                MethodRoute.Here here => await here.Methods.RunAsync(request, call.ResponseTimeout, time, cancellationToken),
                MethodRoute.There there => await relay.RunAsync(there.Node, hub, identity, request, call.ResponseTimeout, cancellationToken),
                _ => HubErrors.DeviceNotOnline,
            };
            if (outcome is { } answer)
            {
                return answer;
            }

            // The session ended between being found and being asked: the method was not begun.
        }
    }

    private async Task<MethodRoute?> FindRouteAsync(HubName hub, IdentityKey identity, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (served.Find(hub, identity) is { } methods)
        {
            return new MethodRoute.Here(methods);
        }

        var wanted = relay.ReachesOthers && patience < options.PeerPatience ? options.PeerPatience : patience;
        if (wanted <= TimeSpan.Zero)
        {
            return null;
        }

        var wait = served.Wait(hub, identity);
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
