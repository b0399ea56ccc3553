using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Connections;
using Gatehouse.Transport;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Queues;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Messages to one device over one link; a newer link of the same device takes over.</summary>
internal sealed class DeviceBoundLink : QueueFeed, IOwnedLink
{
    private readonly GatewayParts parts;
    private readonly PeerInfo peer;
    private readonly Principal principal;
    private readonly Lock gate = new();
    private DeviceMailbox? mailbox;
    private ConnectionState? state;
    private volatile bool isClosed;

    internal DeviceBoundLink(GatewayParts parts, PeerInfo peer, IGrant grant)
        : base(grant)
    {
        (this.parts, this.peer, principal) = (parts, peer, grant.Principal);
    }

    /// <summary>What the service lets wait for a device.</summary>
    protected override int MaxHeld => 50;

    public override void OnAttached()
    {
        lock (gate)
        {
            if (isClosed)
            {
                return;
            }

            mailbox = parts.DeviceMessages.Open(principal.Hub, principal.Identity!.Value.Device, principal.GenerationId ?? "", Look);
            state = parts.States.Connected(principal.Hub, principal.Identity!.Value, principal.GenerationId ?? "");
        }

        parts.Metrics.LinkOpened();
        parts.Log.DeviceBoundOpened(principal.Hub.Value, principal.Identity!.Value.ToString(), peer.Protocol, peer.RemoteEndPoint?.ToString() ?? "");
        parts.Links.Take(principal.Hub, principal.Identity!.Value, LinkPurpose.DeviceBound, this);
        if (isClosed)
        {
            // While it took over: nobody else would take it off the list.
            parts.Links.Leave(principal.Hub, principal.Identity!.Value, LinkPurpose.DeviceBound, this);
        }

        base.OnAttached();

        // The peer may have given its credit before there was a mailbox.
        Look();
    }

    public override void OnClosed()
    {
        lock (gate)
        {
            isClosed = true;
        }

        parts.Links.Leave(principal.Hub, principal.Identity!.Value, LinkPurpose.DeviceBound, this);
        if (state is not null)
        {
            parts.States.Disconnected(state);
            parts.Metrics.LinkClosed();
        }

        base.OnClosed();
    }

    public void Displace() => Link.Detach(AmqpErrors.Of(AmqpConditions.LinkStolen, "A newer link of the same device took over."));

    protected override async Task<QueueItem?> TakeAsync() =>
        mailbox is { } open && await open.TakeAsync(CancellationToken.None) is { } message ? new DeviceMessageItem(principal.Identity!.Value.Device, message) : null;

    protected override async Task<Result<bool>> SettleAsync(Guid lockToken, Outcome outcome)
    {
        state?.Touch(parts.Time.GetUtcNow().UtcTicks);
        switch (outcome)
        {
            case Outcome.Accepted:
                return await mailbox!.CompleteAsync(lockToken, CancellationToken.None);
            case Outcome.Rejected:
                return await mailbox!.RejectAsync(lockToken, CancellationToken.None);
            case Outcome.Released or Outcome.Modified:
                return await mailbox!.AbandonAsync(lockToken, CancellationToken.None);
            default:
                await mailbox!.ReleaseAsync(lockToken, CancellationToken.None);
                return true;
        }
    }

    protected override Task ReleaseAsync(Guid lockToken) => mailbox!.ReleaseAsync(lockToken, CancellationToken.None);

    protected override ValueTask EndAsync(IReadOnlyCollection<Guid> held) => mailbox?.EndAsync(held) ?? ValueTask.CompletedTask;

    protected override void OnFailed(Exception error) => parts.Log.DeviceBoundFailed(principal.Hub.Value, principal.Identity!.Value.ToString(), error);
}
