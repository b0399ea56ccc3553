using System.Collections.Frozen;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Hubs;

/// <summary>All hubs of this server by host name, in memory.</summary>
public sealed class HubDirectory
{
    private volatile State state = new([]);

    public IReadOnlyList<HubEntry> All => state.All;

    /// <summary>The hub that answers to a host name, in any case, with or without port and brackets; null when none does.</summary>
    public HubEntry? Find(ReadOnlySpan<char> hostName)
    {
        var bare = HostNames.Bare(hostName);
        return !bare.IsEmpty && state.ByHost.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(bare, out var hub) ? hub : null;
    }

    public HubEntry? Find(HubName name) => state.All.FirstOrDefault(hub => hub.Name == name);

    internal void Replace(IReadOnlyList<HubEntry> hubs) => state = new State(hubs);

    private sealed class State
    {
        internal State(IReadOnlyList<HubEntry> all)
        {
            All = all;
            var byHost = new Dictionary<string, HubEntry>(StringComparer.OrdinalIgnoreCase);
            foreach (var hub in all)
            {
                foreach (var host in hub.HostNames)
                {
                    byHost.TryAdd(host, hub);
                }
            }

            ByHost = byHost.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        }

        internal IReadOnlyList<HubEntry> All { get; }

        internal FrozenDictionary<string, HubEntry> ByHost { get; }
    }
}
