using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Methods;

/// <summary>Which devices and modules this node can call now, and who waits for one to come.</summary>
internal sealed class ServedIdentities
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName Hub, IdentityKey Identity), ServedMethods> served = [];
    private readonly Dictionary<(HubName Hub, IdentityKey Identity), List<RouteWait>> waiting = [];

    /// <summary>Tells, on the session's thread, that an identity can be called from now on.</summary>
    internal event Action<HubName, IdentityKey>? Came;

    /// <summary>The newest session takes the identity's methods; an older one is displaced. One that has ended meanwhile takes nothing: its successor may be here already.</summary>
    internal void Add(ServedMethods methods)
    {
        ServedMethods? older;
        RouteWait[] waits = [];
        lock (gate)
        {
            if (methods.HasEnded)
            {
                return;
            }

            var key = KeyOf(methods.Callee);
            served.TryGetValue(key, out older);
            served[key] = methods;
            if (waiting.TryGetValue(key, out var those))
            {
                waits = [.. those.Where(wait => methods.Callee.Takes(wait.Callee))];
            }
        }

        older?.Displace();
        foreach (var wait in waits)
        {
            wait.TrySet(new MethodRoute.Here(methods));
        }

        Came?.Invoke(methods.Callee.Hub, methods.Callee.Identity);
    }

    internal void Remove(ServedMethods methods)
    {
        lock (gate)
        {
            var key = KeyOf(methods.Callee);
            if (served.GetValueOrDefault(key) == methods)
            {
                served.Remove(key);
            }
        }
    }

    internal ServedMethods? Find(in Callee callee)
    {
        lock (gate)
        {
            return FindLocked(callee);
        }
    }

    /// <summary>A wait that is over as soon as the identity is served here. <see cref="Leave"/> must follow.</summary>
    internal RouteWait Wait(in Callee callee)
    {
        var wait = new RouteWait(callee);
        lock (gate)
        {
            var key = KeyOf(callee);
            if (FindLocked(callee) is { } methods)
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
            var key = KeyOf(wait.Callee);
            if (waiting.TryGetValue(key, out var waits) && waits.Remove(wait) && waits.Count == 0)
            {
                waiting.Remove(key);
            }
        }
    }

    private static (HubName Hub, IdentityKey Identity) KeyOf(in Callee callee) => (callee.Hub, callee.Identity);

    private ServedMethods? FindLocked(in Callee callee) => served.TryGetValue(KeyOf(callee), out var methods) && methods.Callee.Takes(callee) ? methods : null;
}
