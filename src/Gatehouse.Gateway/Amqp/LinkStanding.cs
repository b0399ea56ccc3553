using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Connections;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>What every link of a device does beside its messages: it shows the device as connected, ends with its proof, and gives way to a newer link for the same purpose.</summary>
internal sealed class LinkStanding(GatewayParts parts, AmqpPeer peer, IGrant grant, LinkPurpose purpose)
{
    private readonly Lock gate = new();
    private ConnectionState? state;
    private IDisposable? watch;
    private volatile bool hasEnded;

    internal AmqpPeer Peer => peer;

    internal Principal Principal { get; } = grant.Principal;

    internal HubName Hub => Principal.Hub;

    internal IdentityKey Identity => Principal.Identity!.Value;

    internal LinkPurpose Purpose => purpose;

    internal bool HasEnded => hasEnded;

    /// <summary>The link is attached. It may be detached before this returns.</summary>
    /// <param name="link">The link.</param>
    /// <param name="owned">Its handler, when the device has one such link at a time.</param>
    /// <param name="watchesProof">False when somebody else ends the link with its proof.</param>
    internal void Begin(AmqpLink link, IOwnedLink? owned, bool watchesProof = true)
    {
        lock (gate)
        {
            if (hasEnded)
            {
                return;
            }

            state = parts.States.Connected(Hub, Identity, Principal.GenerationId ?? "");
        }

        parts.Metrics.LinkOpened();
        parts.Log.LinkOpened(purpose, Hub.Value, Identity.ToString(), peer.Info.Protocol, peer.Info.RemoteEndPoint?.ToString() ?? "");
        if (owned is not null)
        {
            parts.Links.Take(owned);
        }

        if (watchesProof)
        {
            Watch(link);
        }
    }

    internal void End(IOwnedLink? owned)
    {
        lock (gate)
        {
            hasEnded = true;
        }

        watch?.Dispose();
        if (owned is not null)
        {
            parts.Links.Leave(owned);
        }

        if (state is not null)
        {
            parts.States.Disconnected(state);
            parts.Metrics.LinkClosed();
            parts.Log.LinkClosed(purpose, Hub.Value, Identity.ToString());
        }
    }

    /// <summary>The device has done something.</summary>
    internal void Touch() => state?.Touch(parts.Time.GetUtcNow().UtcTicks);

    /// <summary>Ends a link whose place a newer one has taken.</summary>
    internal static void Displace(AmqpLink link) => link.Detach(AmqpErrors.Of(AmqpConditions.LinkStolen, "A newer link of the same device took over."));

    /// <summary>Tells the device what is wrong with a message of its own, and the operator.</summary>
    internal void Reject(IncomingLink link, in IncomingMessage message, HubError error)
    {
        parts.Refusals.Report(new Refusal
        {
            Hub = Hub.Value,
            Claimed = Identity.ToString(),
            Reason = error.HttpStatus == 429 ? RefusalReason.Throttled : RefusalReason.ProtocolViolation,
            Error = error,
            Detail = $"A message was rejected: {error.Message}",
            Protocol = peer.Info.Protocol,
            RemoteAddress = (peer.Info.RemoteEndPoint as IPEndPoint)?.Address.ToString(),
        });
        if (!message.IsSettled)
        {
            link.Settle(message.DeliveryId, Outcome.Rejected, AmqpErrors.From(error));
            link.FlushSoon();
        }
    }

    private void Watch(AmqpLink link)
    {
        // Outside the gate: a right that has ended already is told at once, and the link closes.
        var listening = grant.WhenEnded(error => link.Detach(AmqpErrors.From(error)));
        lock (gate)
        {
            if (!hasEnded)
            {
                watch = listening;
                return;
            }
        }

        listening.Dispose();
    }
}
