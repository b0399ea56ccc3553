using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Methods;

/// <summary>Which devices and modules this node can call now, and who waits for one to come.</summary>
internal sealed class ServedIdentities
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName Hub, IdentityKey Identity), ServedMethods> served = [];
    private readonly Dictionary<(HubName Hub, IdentityKey Identity), List<RouteWait>> waiting = [];

    /// <summary>The newest session takes the identity's methods; an older one is displaced.</summary>
    internal void Add(ServedMethods methods)
    {
        ServedMethods? older;
        List<RouteWait>? waits;
        lock (gate)
        {
            var key = (methods.Hub, methods.Identity);
            served.TryGetValue(key, out older);
            served[key] = methods;
            waiting.TryGetValue(key, out waits);
            waits = waits is null ? null : [.. waits];
        }

        older?.Displace();
        foreach (var wait in waits ?? [])
        {
            wait.TrySet(new MethodRoute.Here(methods));
        }
    }

    internal void Remove(ServedMethods methods)
    {
        lock (gate)
        {
            var key = (methods.Hub, methods.Identity);
            if (served.GetValueOrDefault(key) == methods)
            {
                served.Remove(key);
            }
        }
    }

    internal ServedMethods? Find(HubName hub, IdentityKey identity)
    {
        lock (gate)
        {
            return served.GetValueOrDefault((hub, identity));
        }
    }

    /// <summary>A wait that is over as soon as the identity is served here. <see cref="Leave"/> must follow.</summary>
    internal RouteWait Wait(HubName hub, IdentityKey identity)
    {
        var wait = new RouteWait(hub, identity);
        lock (gate)
        {
            var key = (hub, identity);
            if (served.TryGetValue(key, out var methods))
            {
                wait.TrySet(new MethodRoute.Here(methods));
            }

            if (!waiting.TryGetValue(key, out var waits))
            {
                waiting[key] = waits = new List<RouteWait>(1);
            }

            waits.Add(wait);
        }

        return wait;
    }

    internal void Leave(RouteWait wait)
    {
        lock (gate)
        {
            var key = (wait.Hub, wait.Identity);
            if (waiting.TryGetValue(key, out var waits) && waits.Remove(wait) && waits.Count == 0)
            {
                waiting.Remove(key);
            }
        }
    }
}
