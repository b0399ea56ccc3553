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

    private readonly GatewayParts parts;

    internal DeviceDoor(GatewayParts parts) => this.parts = parts;

    public bool Serves(LinkRequest request) => DeviceNode.IsOfDevices(request.Address);

    public async ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        if (!DeviceNode.TryParse(request.Address, request.PeerSends, out var node))
        {
            return Refuse(AmqpErrors.From(HubErrors.ArgumentInvalid.With("The address names no device or module.")));
        }

        // First who it is: what the hub offers is told to those it knows.
        var acting = await request.Peer.Proofs.ActAsAsync(request.Address.Host ?? request.Peer.HostName, node.Identity, cancellationToken);
        if (!acting.IsOk)
        {
            return Refuse(AmqpErrors.From(acting.Error));
        }

        var rights = acting.Value.Principal.Rights;
        if (!Operations.ConnectDevice.IsAllowed(rights) || !Operations.SendTelemetry.IsAllowed(rights))
        {
            return Refuse(AmqpErrors.From(HubErrors.IotHubUnauthorizedAccess));
        }

        return node.Kind switch
        {
            DeviceNodeKind.Telemetry => await OpenTelemetryAsync(request, acting.Value, cancellationToken),
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
            MaxMessageBytes = channel.MaxMessageBytes,
        };
    }

    private LinkDecision.Refuse Refuse(AmqpError error)
    {
        parts.Metrics.LinkRefused();
        return new LinkDecision.Refuse(error);
    }
}
