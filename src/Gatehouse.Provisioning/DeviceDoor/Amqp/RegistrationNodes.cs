using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Links;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>The AMQP nodes <c>{idScope}/registrations/{registrationId}</c>: on one link a device asks, on the other it is answered.</summary>
/// <remarks>Source: dps §5 of the wire reference. Each link, and each request, is judged by what SASL showed, else by the client certificate.</remarks>
internal sealed class RegistrationNodes(DeviceRegistrations registrations, ProvisioningOptions options, TimeProvider time, ILogger<RegistrationNodes> log) : IAmqpDoor
{
    // For the properties beside the largest body, and so that what is a little too large is told so and does not cost the link.
    private const int SlackBytes = 16 * 1024;

    // Requests are answered one after the other.
    private const int Credit = 10;

    public bool Serves(LinkRequest request) => request.Address.Segments is { Count: 3 } path && RegistrationTarget.Owns(path);

    public async ValueTask<LinkDecision> AttachAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        var peer = RegistrationPeer.Of(request.Peer);
        var target = new RegistrationTarget(request.Address.Segments[0], request.Address.Segments[2], Operations.GetDeviceRegistration);
        if (!peer.TryEnter())
        {
            return Refuse(ProvisioningErrors.TooManyRequests);
        }

        // Before it is judged: the answer to a request on a link that was attached faster waits for this one.
        var replies = request.PeerSends ? null : peer.Replies.Add(request, peer.Leave);
        var admitted = await registrations.AdmitAsync(target, peer.Caller, cancellationToken);
        if (admitted.IsOk && admitted.Value is null)
        {
            return replies is not null
                ? new LinkDecision.Send(replies)
                : new LinkDecision.Receive(new RequestsLink(peer, request.Channel, target, registrations, options, time, log)) { Credit = Credit, MaxMessageBytes = options.MaxDeviceBodyBytes + SlackBytes };
        }

        if (replies is not null)
        {
            replies.OnClosed();
        }
        else
        {
            peer.Leave();
        }

        return Refuse(admitted.Error ?? ProvisioningErrors.Unauthorized);
    }

    private LinkDecision.Refuse Refuse(HubError error) => new(RegistrationFault.Of(error, options, time));
}
