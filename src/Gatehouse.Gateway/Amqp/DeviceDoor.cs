using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>The nodes of devices and modules. Each link is judged by the identity in its address, so that one connection may carry many.</summary>
public sealed class DeviceDoor : IAmqpDoor
{
    private const string ModelIdKey = "com.microsoft:model-id";

    // Four times the longest that the twin definition language allows for an interface.
    private const int MaxModelIdCharacters = 512;

    // For the properties beside the largest body, and so that what is a little too large is rejected and does not cost the link.
    private const int SlackBytes = 64 * 1024;

    private readonly GatewayParts parts;

    internal DeviceDoor(GatewayParts parts) => this.parts = parts;

    public bool Serves(LinkRequest request) => DeviceNode.IsOfDevices(request.Address);

    public async ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        if (!DeviceNode.TryParse(request.Address.Segments, request.PeerSends, out var node))
        {
            return Refuse(AmqpErrors.From(HubErrors.ArgumentInvalid.With("The address names no device or module.")));
        }

        // First who it is: what the hub offers is told to those it knows.
        var host = request.Address.Host ?? request.Peer.HostName;
        var acting = await request.Peer.Proofs.ActAsAsync(host, node.Identity, cancellationToken);
        if (!acting.IsOk && DeviceNode.TryParse(request.Address.RawSegments, request.PeerSends, out var raw) && raw.Identity != node.Identity)
        {
            // Nothing rests on the reading: either is judged by what was proved.
            (node, acting) = (raw, await request.Peer.Proofs.ActAsAsync(host, raw.Identity, cancellationToken));
        }

        if (!acting.IsOk)
        {
            return Refuse(AmqpErrors.From(acting.Error));
        }

        var rights = acting.Value.Principal.Rights;
        var row = request.PeerSends ? Operations.SendTelemetry : Operations.ReceiveCloudToDeviceMessage;
        if (!Operations.ConnectDevice.IsAllowed(rights) || !row.IsAllowed(rights))
        {
            return Refuse(AmqpErrors.From(HubErrors.IotHubUnauthorizedAccess));
        }

        return node.Kind switch
        {
            DeviceNodeKind.Telemetry => await OpenTelemetryAsync(request, acting.Value, cancellationToken),
            DeviceNodeKind.DeviceBound => new LinkDecision.Send(new DeviceBoundLink(parts, request.Peer.Info, acting.Value)),
            DeviceNodeKind.Inputs => new LinkDecision.Send(new IdleLink(acting.Value)),
            DeviceNodeKind.NotYet => Refuse(AmqpErrors.Of(AmqpConditions.NotImplemented, "This hub does not serve this node of a device yet.")),
            _ => Refuse(AmqpErrors.From(HubErrors.GenericNotFound)),
        };
    }

    private async ValueTask<LinkDecision> OpenTelemetryAsync(LinkRequest request, IGrant grant, CancellationToken cancellationToken)
    {
        string? modelId = null;
        _ = request.Attach.Properties?.TryGetText(ModelIdKey, out modelId);
        if (modelId?.Length > MaxModelIdCharacters)
        {
            return Refuse(AmqpErrors.From(HubErrors.ArgumentInvalid.With($"The model id is longer than {MaxModelIdCharacters} characters.")));
        }

        var principal = grant.Principal;
        var channel = await parts.Telemetry.OpenAsync(principal.Hub, principal.Identity!.Value, cancellationToken);
        return new LinkDecision.Receive(new TelemetryLink(parts, request.Peer.Info, grant, channel, modelId))
        {
            Credit = (uint)parts.Options.AmqpCredit,
            MaxMessageBytes = channel.MaxMessageBytes + SlackBytes,
            AnnouncedBytes = channel.MaxMessageBytes,
        };
    }

    private LinkDecision.Refuse Refuse(AmqpError error)
    {
        parts.Metrics.LinkRefused();
        return new LinkDecision.Refuse(error);
    }
}
