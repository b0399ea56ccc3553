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
        var admitted = await registrations.AdmitAsync(target, peer.Caller, cancellationToken);
        if (!admitted.IsOk || admitted.Value is not null)
        {
            return Refuse(admitted.Error ?? ProvisioningErrors.Unauthorized);
        }

        if (!peer.TryEnter())
        {
            return Refuse(ProvisioningErrors.TooManyRequests);
        }

        return request.PeerSends
            ? new LinkDecision.Receive(new RequestsLink(peer, target, registrations, options, time, log)) { Credit = Credit, MaxMessageBytes = options.MaxDeviceBodyBytes + SlackBytes }
            : new LinkDecision.Send(new RepliesLink(peer, target.RegistrationId));
    }

    private LinkDecision.Refuse Refuse(HubError error) => new(RegistrationFault.Of(error, options, time));
}
