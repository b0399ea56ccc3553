using System.Collections.Frozen;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Hub.Certificates;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;

namespace Gatehouse.Hub.Credentials;

/// <summary>What authentication judges by, from memory: a known device, policy or anchor costs no SQL. Signals empty it.</summary>
public sealed class CredentialSource : ICredentialSource, IDisposable
{
    private readonly Database database;
    private readonly HubDirectory directory;
    private readonly CaCertificates anchors;
    private readonly RecentCache<(HubName, string), DeviceFacts> devices;
    private readonly RecentCache<(HubName, string), DeviceFacts> unknown;
    private readonly RecentCache<HubName, FrozenDictionary<string, PolicyCredentials>> policies;
    private readonly RecentCache<HubName, TrustAnchors> trusted;
    private readonly List<IDisposable> subscriptions;

    internal CredentialSource(Database database, HubDirectory directory, CaCertificates anchors, ISignals signals, CredentialOptions options, TimeProvider time)
    {
        this.database = database;
        this.directory = directory;
        this.anchors = anchors;
        devices = new(options.MaxDevices, options.MaxAge, time);
        unknown = new(options.MaxUnknown, options.UnknownAge, time);
        policies = new(options.MaxHubs, options.MaxAge, time);
        trusted = new(options.MaxHubs, options.MaxAge, time);
        subscriptions =
        [
            signals.Subscribe(SignalSubjects.IdentityChanged, ForgetIdentity),
            signals.Subscribe(SignalSubjects.PolicyChanged, signal => Forget(policies, signal)),
            signals.Subscribe(SignalSubjects.CertificatesChanged, signal => Forget(trusted, signal)),
        ];
    }

    public HubEntry? FindHub(ReadOnlySpan<char> hostName) => directory.Find(hostName);

    public HubEntry? FindHubByLabel(ReadOnlySpan<char> label) => directory.FindByLabel(label);

    public async ValueTask<IdentityCredentials?> FindIdentityAsync(HubName hub, IdentityKey identity, CancellationToken cancellationToken)
    {
        var key = (hub, identity.Device.Value);
        if (devices.TryGet(key, out var facts) || unknown.TryGet(key, out facts))
        {
            return facts.Find(identity);
        }

        while (true)
        {
            // A change that lands during the read starts it again: what is returned was true after the last signal.
            var begun = devices.Begin(key);
            var begunUnknown = unknown.Begin(key);
            var rows = await database.ReadAsync((connection, token) => IdentityRows.ReadDeviceAsync(connection, hub, identity.Device.Value, token), cancellationToken);
            facts = DeviceFacts.Of(hub, rows);
            if (facts.IsKnown ? devices.TryAdd(key, facts, begun) : unknown.TryAdd(key, facts, begunUnknown))
            {
                return facts.Find(identity);
            }
        }
    }

    public async ValueTask<PolicyCredentials?> FindPolicyAsync(HubName hub, string policyName, CancellationToken cancellationToken)
    {
        var all = await FindOrReadAsync(policies, hub, ReadPoliciesAsync, cancellationToken);
        return all.GetValueOrDefault(policyName);
    }

    public ValueTask<TrustAnchors> FindTrustAnchorsAsync(HubName hub, CancellationToken cancellationToken) =>
        FindOrReadAsync(trusted, hub, (name, token) => anchors.FindTrustAnchorsAsync(name, token), cancellationToken);

    public void Dispose()
    {
        foreach (var subscription in subscriptions)
        {
            subscription.Dispose();
        }
    }

    private static async ValueTask<T> FindOrReadAsync<T>(RecentCache<HubName, T> cache, HubName hub, Func<HubName, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            if (cache.TryGet(hub, out var found))
            {
                return found;
            }

            var begun = cache.Begin(hub);
            var fresh = await read(hub, cancellationToken);
            if (cache.TryAdd(hub, fresh, begun))
            {
                return fresh;
            }
        }
    }

    private static void Forget<T>(RecentCache<HubName, T> cache, Signal signal)
        where T : class
    {
        if (HubName.TryParse(signal.Hub, out var hub))
        {
            cache.Forget(hub);
        }
        else
        {
            cache.ForgetAll();
        }
    }

    private async Task<FrozenDictionary<string, PolicyCredentials>> ReadPoliciesAsync(HubName hub, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync((connection, token) => PolicyRows.ReadAllAsync(connection, hub, token), cancellationToken);
        return rows.ToFrozenDictionary(row => row.Name, row => row.ToCredentials(), StringComparer.Ordinal);
    }

    private void ForgetIdentity(Signal signal)
    {
        if (signal.Key.Length == 0 || !HubName.TryParse(signal.Hub, out var hub))
        {
            devices.ForgetAll();
            unknown.ForgetAll();
            return;
        }

        var slash = signal.Key.IndexOf('/', StringComparison.Ordinal);
        var key = (hub, slash < 0 ? signal.Key : signal.Key[..slash]);
        devices.Forget(key);
        unknown.Forget(key);
    }
}
