using System.Collections.Frozen;
using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Provisioning.Instances;

/// <summary>All provisioning services of this server by host name and by id scope, in memory.</summary>
public sealed class ProvisioningDirectory
{
    private volatile State state = new([]);

    public IReadOnlyList<ProvisioningInstance> All => state.All;

    /// <summary>The service that devices name; null when there is none.</summary>
    internal ProvisioningInstance? FindByScope(string idScope) => state.ByScope.GetValueOrDefault(idScope);

    /// <summary>The service that answers to a host name, in any case, with or without port; null when none does.</summary>
    internal HubEntry? FindByHost(ReadOnlySpan<char> hostName) =>
        state.ByHost.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(Bare(hostName), out var found) ? found : null;

    internal void Replace(IReadOnlyList<ProvisioningInstance> all) => state = new State(all);

    private static ReadOnlySpan<char> Bare(ReadOnlySpan<char> host)
    {
        if (host is ['[', ..])
        {
            var end = host.IndexOf(']');
            return end < 0 ? host : host[1..end];
        }

        var colon = host.IndexOf(':');
        return colon < 0 || host[(colon + 1)..].Contains(':') ? host : host[..colon];
    }

    private sealed class State
    {
        internal State(IReadOnlyList<ProvisioningInstance> all)
        {
            All = all;
            ByScope = all.ToFrozenDictionary(each => each.IdScope, StringComparer.OrdinalIgnoreCase);
            var byHost = new Dictionary<string, HubEntry>(StringComparer.OrdinalIgnoreCase);
            foreach (var each in all)
            {
                var entry = new HubEntry(each.Name, each.HostNames);
                foreach (var host in each.HostNames)
                {
                    byHost.TryAdd(host, entry);
                }
            }

            ByHost = byHost.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        }

        internal IReadOnlyList<ProvisioningInstance> All { get; }

        internal FrozenDictionary<string, ProvisioningInstance> ByScope { get; }

        internal FrozenDictionary<string, HubEntry> ByHost { get; }
    }
}
