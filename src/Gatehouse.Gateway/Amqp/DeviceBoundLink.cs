using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Queues;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>Messages to one device over one link; a newer link of the same device takes over.</summary>
internal sealed class DeviceBoundLink : QueueFeed, IOwnedLink
{
    private readonly GatewayParts parts;
    private readonly Lock gate = new();
    private DeviceMailbox? mailbox;

    internal DeviceBoundLink(GatewayParts parts, AmqpPeer peer, IGrant grant)
        : base(grant)
    {
        this.parts = parts;
        Standing = new LinkStanding(parts, peer, grant, LinkPurpose.DeviceBound);
    }

    public LinkStanding Standing { get; }

    /// <summary>What the service lets wait for a device.</summary>
    protected override int MaxHeld => 50;

    public override void OnAttached()
    {
        lock (gate)
        {
            if (Standing.HasEnded)
            {
                return;
            }

            mailbox = parts.DeviceMessages.Open(Standing.Hub, Standing.Identity.Device, Standing.Principal.GenerationId ?? "", Look);
        }

        Standing.Begin(Link, this, watchesProof: false);
        base.OnAttached();

        // The peer may have given its credit before there was a mailbox.
        Look();
    }

    public override void OnClosed()
    {
        lock (gate)
        {
            Standing.End(this);
        }

        base.OnClosed();
    }

    public void Displace() => LinkStanding.Displace(Link);

    protected override async Task<QueueItem?> TakeAsync() =>
        mailbox is { } open && await open.TakeAsync(CancellationToken.None) is { } message ? new DeviceMessageItem(Standing.Identity.Device, message) : null;

    // A link that takes over meanwhile must not get what the device has settled.
    protected override void OnSpoken(Guid lockToken) => mailbox!.BeginSettling(lockToken);

    protected override async Task<Result<bool>> SettleAsync(Guid lockToken, Outcome outcome)
    {
        Standing.Touch();
        try
        {
            return await SayAsync(lockToken, outcome);
        }
        finally
        {
            mailbox!.EndSettling(lockToken);
        }
    }

    protected override Task ReleaseAsync(Guid lockToken) => mailbox!.ReleaseAsync(lockToken, CancellationToken.None);

    protected override ValueTask EndAsync(IReadOnlyCollection<Guid> held) => mailbox?.EndAsync(held) ?? ValueTask.CompletedTask;

    protected override void OnFailed(Exception error) => parts.Log.DeviceBoundFailed(Standing.Hub.Value, Standing.Identity.ToString(), error);

    private async Task<Result<bool>> SayAsync(Guid lockToken, Outcome outcome)
    {
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
}
