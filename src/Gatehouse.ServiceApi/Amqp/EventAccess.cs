using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Hubs;
using Gatehouse.Transport.Amqp;

namespace Gatehouse.ServiceApi.Amqp;

/// <summary>Which hub a link is for, and whether its peer may.</summary>
/// <remarks>
/// A token may name the endpoint in either way, as <c>{host}/{entity}/…</c> or as <c>{host}/messages/events/…</c>: the proofs know that both mean the same events.
/// </remarks>
internal sealed class EventAccess(HubDirectory hubs)
{
    /// <summary>The right to a node below an entity; null as entity means the hub's own.</summary>
    internal Result<IGrant> Reach(AmqpPeer peer, string? host, string? entity, string suffix, Operation row)
    {
        host ??= peer.HostName;
        if (hubs.Find(host) is not { } hub)
        {
            return HubErrors.IotHubNotFound;
        }

        var reached = peer.Proofs.Reach(host, $"{hub.Name}{suffix}", row);
        // Who may not read is not told whether the entity exists.
        if (!reached.IsOk)
        {
            return reached;
        }

        return entity is null || entity.Equals(hub.Name.Value, StringComparison.OrdinalIgnoreCase)
            ? reached
            : HubErrors.GenericNotFound.With(EventErrors.NotFound(entity));
    }

    /// <summary>The right to a path on the hub's own name.</summary>
    internal static Result<IGrant> ReachHub(AmqpPeer peer, string? host, string path, Operation row) => peer.Proofs.Reach(host ?? peer.HostName, path, row);
}
