using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Gateway.Sessions;

/// <summary>The open sessions of this server: one per identity, the newer wins. Signals of changed identities, policies and certificates reach them here.</summary>
internal sealed class LiveSessions : ICertificateUses, ILiveUses, IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName Hub, DeviceId Device), List<ILiveSession>> devices = [];
    private readonly IDisposable[] subscriptions;
    private long changes;

    public LiveSessions(ISignals signals, IRevocations revocations, ICredentialUses uses, IStrictnessChanges strictness)
    {
        subscriptions =
        [
            signals.Subscribe(SignalSubjects.IdentityChanged, OnIdentityChanged),
            signals.Subscribe(SignalSubjects.PolicyChanged, signal => OnChanged(signal, session => session.PolicyName is { } name && (signal.Key.Length == 0 || signal.Key == name))),
            signals.Subscribe(SignalSubjects.CertificatesChanged, signal => OnChanged(signal, session => session.Method == AuthenticationMethod.X509Authority)),
            revocations.Attach(this),
            uses.Attach(this),

            // It asks more of tokens, and nothing of certificates.
            strictness.Subscribe(hub => JudgeAgain(hub.Value, session => session.Method is AuthenticationMethod.IdentityKey or AuthenticationMethod.PolicyKey)),
        ];
    }

    /// <summary>Grows with every signal: a proof judged before and a session added after a change must be judged again.</summary>
    internal long Changes => Interlocked.Read(ref changes);

    /// <summary>Takes the session in and displaces an older one of the same identity, whose proof was good once too.</summary>
    /// <returns>Whether there was one.</returns>
    internal bool Add(ILiveSession session)
    {
        ILiveSession? older = null;
        lock (gate)
        {
            var key = KeyOf(session);
            if (!devices.TryGetValue(key, out var list))
            {
                devices[key] = list = new List<ILiveSession>(1);
            }

            var place = list.FindIndex(each => each.Principal.Identity == session.Principal.Identity);
            if (place < 0)
            {
                list.Add(session);
            }
            else
            {
                older = list[place];
                list[place] = session;
            }
        }

        older?.Displace();
        return older is not null;
    }

    /// <summary>False when a newer session has taken its place.</summary>
    internal bool Remove(ILiveSession session)
    {
        lock (gate)
        {
            var key = KeyOf(session);
            if (!devices.TryGetValue(key, out var list) || !list.Remove(session))
            {
                return false;
            }

            if (list.Count == 0)
            {
                devices.Remove(key);
            }

            return true;
        }
    }

    public void RevocationsChanged(HubName hub) => Interlocked.Increment(ref changes);

    public IReadOnlyList<ICertificateUse> Find(HubName hub, IReadOnlySet<ulong> marks)
    {
        lock (gate)
        {
            return [.. devices.Where(each => each.Key.Hub == hub).SelectMany(each => each.Value).Where(each => each.Principal.Certificates?.RestsOnAny(marks) == true)];
        }
    }

    public IReadOnlyList<LiveUse> Of(HubName hub)
    {
        lock (gate)
        {
            return [.. devices.Where(each => each.Key.Hub == hub).SelectMany(each => each.Value).Select(static each => new LiveUse(each.Principal, each.TlsVersion, each.Address))];
        }
    }

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }

    private static (HubName Hub, DeviceId Device) KeyOf(ILiveSession session) => (session.Principal.Hub, session.Principal.Identity!.Value.Device);

    // A device's change (disabled, deleted) concerns its modules too.
    private void OnIdentityChanged(Signal signal)
    {
        Interlocked.Increment(ref changes);
        if (!HubName.TryParse(signal.Hub, out var hub) || !IdentityKey.TryParse(signal.Key, out var changed))
        {
            return;
        }

        ILiveSession[] affected;
        lock (gate)
        {
            affected = devices.TryGetValue((hub, changed.Device), out var list) ? [.. list] : [];
        }

        foreach (var session in affected)
        {
            if (!changed.IsModule || session.Principal.Identity == changed)
            {
                session.JudgeAgain();
            }
        }
    }

    private void OnChanged(Signal signal, Func<Principal, bool> concerns) => JudgeAgain(signal.Hub, concerns);

    private void JudgeAgain(string hub, Func<Principal, bool> concerns)
    {
        Interlocked.Increment(ref changes);
        ILiveSession[] affected;
        lock (gate)
        {
            affected = [.. devices.Where(each => each.Key.Hub.Value == hub).SelectMany(each => each.Value).Where(each => concerns(each.Principal))];
        }

        foreach (var session in affected)
        {
            session.JudgeAgain();
        }
    }
}
