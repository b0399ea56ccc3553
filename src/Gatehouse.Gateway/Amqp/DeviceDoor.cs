using System.Net;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Gateway.Sessions;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Gateway.Amqp;

/// <summary>The nodes of devices and modules. Each link is judged by the identity in its address, so that one connection may carry many.</summary>
public sealed class DeviceDoor : IAmqpDoor
{
    // Source: device-plane §2 of the wire reference (attach properties).
    private const string SoftwareKey = "com.microsoft:client-version";

    private const string ModelIdKey = "com.microsoft:model-id";

    // Four times the longest that the twin definition language allows for an interface.
    private const int MaxModelIdCharacters = 512;

    // For the properties beside the largest body, and so that what is a little too large is rejected and does not cost the link.
    private const int SlackBytes = 64 * 1024;

    // Above what a twin or an answer to a method may have: those limits are told in words, and this one costs the link.
    private const int LargestRequestBytes = 256 * 1024;

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
        if (!Operations.ConnectDevice.IsAllowed(rights) || !Array.TrueForAll(RowsOf(node.Kind), row => row.IsAllowed(rights)))
        {
            return RefusePart(request, node, acting.Value.Principal);
        }

        if (!parts.Throttles.HasLimits)
        {
            return await OpenAsync(request, node.Kind, acting.Value, cancellationToken);
        }

        var principal = acting.Value.Principal;
        using var first = request.Peer.Keep(static _ => new FirstLinks()).Enter(principal.Hub, principal.Identity!.Value);
        if (!parts.States.IsConnected(principal.Hub, principal.Identity.Value)
            && await first.PassAsync(ended => ConnectAsync(principal, ended)).WaitAsync(cancellationToken) is { } throttled)
        {
            return Refuse(AmqpErrors.From(throttled));
        }

        return await OpenAsync(request, node.Kind, acting.Value, cancellationToken);
    }

    private LinkDecision.Refuse RefusePart(LinkRequest request, DeviceNode node, Principal principal)
    {
        parts.Refusals.Report(new Refusal
        {
            Hub = principal.Hub.Value,
            Claimed = node.Identity.ToString(),
            Reason = RefusalReason.TokenScopeWrong,
            Error = HubErrors.IotHubUnauthorizedAccess,
            Detail = $"The token holds {principal.Rights}, as it is made for a part of the device, and the link is one for {node.Kind}.",
            Protocol = request.Peer.Info.Protocol,
            RemoteAddress = (request.Peer.Info.RemoteEndPoint as IPEndPoint)?.Address.ToString(),
        });
        return Refuse(AmqpErrors.From(HubErrors.IotHubUnauthorizedAccess));
    }

    // The first link of an identity that has nothing open here is its connection: one AMQP connection carries many.
    private async Task<HubError?> ConnectAsync(Principal principal, CancellationToken cancellationToken)
    {
        using var share = parts.Throttles.Join(principal.Hub, principal.Identity!.Value);
        return await parts.Throttles.PassAsync(share, Operations.ConnectDevice, cancellationToken);
    }

    private async ValueTask<LinkDecision> OpenAsync(LinkRequest request, DeviceNodeKind kind, IGrant grant, CancellationToken cancellationToken)
    {
        string? software = null;
        _ = request.Attach.Properties?.TryGetText(SoftwareKey, out software);
        parts.Uses.Used(grant.Principal, request.Peer.Info.Traits(software));
        return request.PeerSends ? await OpenFromDeviceAsync(request, kind, grant, cancellationToken) : OpenToDevice(request, kind, grant);
    }

    // What the links of a node let a device do; no row, no link.
    private static Operation[] RowsOf(DeviceNodeKind kind) => kind switch
    {
        DeviceNodeKind.Telemetry => [Operations.SendTelemetry],
        DeviceNodeKind.DeviceBound or DeviceNodeKind.Inputs => [Operations.ReceiveCloudToDeviceMessage],
        DeviceNodeKind.Methods => [Operations.ReceiveMethodCall],
        DeviceNodeKind.Twin => [Operations.ReadOwnTwin, Operations.UpdateReportedProperties, Operations.ObserveDesiredProperties],
        _ => [],
    };

    private LinkDecision OpenToDevice(LinkRequest request, DeviceNodeKind kind, IGrant grant) => kind switch
    {
        DeviceNodeKind.DeviceBound => new LinkDecision.Send(new DeviceBoundLink(parts, request.Peer, grant)),
        DeviceNodeKind.Inputs => new LinkDecision.Send(new IdleLink(grant)),
        DeviceNodeKind.Methods => new LinkDecision.Send(new MethodRequestsLink(parts, request.Peer, grant)),
        DeviceNodeKind.Twin => new LinkDecision.Send(new TwinAnswersLink(parts, request.Peer, grant)),
        _ => Refuse(AmqpErrors.From(HubErrors.GenericNotFound)),
    };

    private async ValueTask<LinkDecision> OpenFromDeviceAsync(LinkRequest request, DeviceNodeKind kind, IGrant grant, CancellationToken cancellationToken)
    {
        if (kind is not (DeviceNodeKind.Telemetry or DeviceNodeKind.Methods or DeviceNodeKind.Twin))
        {
            return Refuse(AmqpErrors.From(HubErrors.GenericNotFound));
        }

        string? modelId = null;
        _ = request.Attach.Properties?.TryGetText(ModelIdKey, out modelId);
        if (modelId?.Length > MaxModelIdCharacters)
        {
            return Refuse(AmqpErrors.From(HubErrors.ArgumentInvalid.With($"The model id is longer than {MaxModelIdCharacters} characters.")));
        }

        await ModelIds.KeepAsync(parts, grant.Principal, modelId);
        switch (kind)
        {
            case DeviceNodeKind.Methods:
                return Receive(new MethodAnswersLink(parts, request.Peer, grant), LargestRequestBytes);
            case DeviceNodeKind.Twin:
                return Receive(new TwinRequestsLink(parts, request.Peer, grant), LargestRequestBytes);
            default:
                var channel = await parts.Telemetry.OpenAsync(grant.Principal.Hub, grant.Principal.Identity!.Value, cancellationToken);
                return Receive(new TelemetryLink(parts, request.Peer, grant, channel, modelId), channel.MaxMessageBytes);
        }
    }

    private LinkDecision.Receive Receive(IncomingHandler handler, int maxBytes) => new(handler)
    {
        Credit = (uint)parts.Options.AmqpCredit,
        MaxMessageBytes = maxBytes + SlackBytes,
        AnnouncedBytes = maxBytes,
    };

    private LinkDecision.Refuse Refuse(AmqpError error)
    {
        parts.Metrics.LinkRefused();
        return new LinkDecision.Refuse(error);
    }
}
