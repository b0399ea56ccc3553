using Gatehouse.Contracts.Identities;

namespace Gatehouse.Gateway.Amqp;

/// <summary>The links of which each device or module has one at a time: the newer takes over.</summary>
/// <remarks>Source: device-plane §2.4 of the wire reference. On this server; between nodes the queue itself gives a message to one holder only.</remarks>
internal sealed class LinkOwners
{
    private readonly Lock gate = new();
    private readonly Dictionary<(HubName, IdentityKey, LinkPurpose), IOwnedLink> owners = [];

    internal void Take(HubName hub, IdentityKey identity, LinkPurpose purpose, IOwnedLink link)
    {
        IOwnedLink? older;
        lock (gate)
        {
            owners.Remove((hub, identity, purpose), out older);
            owners[(hub, identity, purpose)] = link;
        }

        older?.Displace();
    }

    internal void Leave(HubName hub, IdentityKey identity, LinkPurpose purpose, IOwnedLink link)
    {
        lock (gate)
        {
            if (owners.TryGetValue((hub, identity, purpose), out var owner) && ReferenceEquals(owner, link))
            {
                owners.Remove((hub, identity, purpose));
            }
        }
    }
}
