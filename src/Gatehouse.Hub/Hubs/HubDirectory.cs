using System.Collections.Frozen;
using System.Net;
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

    /// <summary>The hub by its name, by a host name, or by the first label of one; null when none or more than one hub has the label.</summary>
    public HubEntry? FindByLabel(ReadOnlySpan<char> label)
    {
        if (HubName.TryParse(label.ToString(), out var name) && Find(name) is { } named)
        {
            return named;
        }

        return Find(label) ?? (state.ByLabel.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(label, out var hub) ? hub : null);
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
            ByLabel = byHost
                .Where(each => each.Key.Contains('.', StringComparison.Ordinal) && !IPAddress.TryParse(each.Key, out _))
                .GroupBy(each => each.Key[..each.Key.IndexOf('.', StringComparison.Ordinal)], each => each.Value, StringComparer.OrdinalIgnoreCase)
                .Where(each => each.Distinct().Count() == 1)
                .ToFrozenDictionary(each => each.Key, each => each.First(), StringComparer.OrdinalIgnoreCase);
        }

        internal IReadOnlyList<HubEntry> All { get; }

        internal FrozenDictionary<string, HubEntry> ByHost { get; }

        /// <summary>First labels of host names that one hub alone has.</summary>
        internal FrozenDictionary<string, HubEntry> ByLabel { get; }
    }
}
