using Gatehouse.Contracts.Identities;

namespace Gatehouse.Gateway.Amqp;

/// <summary>The links of which each device or module has one at a time: the newer takes over. So the links of a pair find each other too.</summary>
/// <remarks>Source: device-plane §2.4 of the wire reference. On this server; between nodes the queue itself gives a message to one holder only.</remarks>
internal sealed class LinkOwners
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName, IdentityKey, LinkPurpose), IOwnedLink> owners = [];

    /// <summary>Nothing when the link has ended meanwhile: its successor may be here already.</summary>
    internal void Take(IOwnedLink link)
    {
        IOwnedLink? older;
        lock (gate)
        {
            if (link.Standing.HasEnded)
            {
                return;
            }

            owners.Remove(KeyOf(link), out older);
            owners[KeyOf(link)] = link;
        }

        older?.Displace();
    }

    /// <summary>After it has ended.</summary>
    internal void Leave(IOwnedLink link)
    {
        lock (gate)
        {
            if (owners.TryGetValue(KeyOf(link), out var owner) && ReferenceEquals(owner, link))
            {
                owners.Remove(KeyOf(link));
            }
        }
    }

    /// <summary>The link of that purpose that the same identity has on the same connection; null when it has none there.</summary>
    /// <remarks>The correlation ids that clients give to both links of a pair are not needed: there is one of each.</remarks>
    internal T? FindBeside<T>(LinkStanding standing, LinkPurpose purpose)
        where T : class, IOwnedLink
    {
        lock (gate)
        {
            return owners.TryGetValue((standing.Hub, standing.Identity, purpose), out var owner) && ReferenceEquals(owner.Standing.Peer, standing.Peer) ? (T)owner : null;
        }
    }

    private static (HubName, IdentityKey, LinkPurpose) KeyOf(IOwnedLink link) => (link.Standing.Hub, link.Standing.Identity, link.Standing.Purpose);
}
