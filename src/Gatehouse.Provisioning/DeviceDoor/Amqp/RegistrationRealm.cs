using Gatehouse.Contracts.Access;
using Gatehouse.Transport.Amqp;
using Gatehouse.Transport.Amqp.Sasl;

namespace Gatehouse.Provisioning.DeviceDoor.Amqp;

/// <summary>SASL of devices that register: PLAIN with <c>{idScope}/registrations/{registrationId}</c> for its user, and TPM.</summary>
internal sealed class RegistrationRealm(DeviceRegistrations registrations) : ISaslRealm
{
    public bool Owns(string userName) => TargetOf(userName) is not null;

    public async ValueTask<bool> ProveAsync(AmqpPeer peer, string userName, string password, CancellationToken cancellationToken)
    {
        var known = RegistrationPeer.Of(peer);
        if (TargetOf(userName) is not { } target || !(await registrations.AdmitAsync(target, known.For(password, null, null), cancellationToken)).IsOk)
        {
            return false;
        }

        known.Token = password;
        return true;
    }

    public SaslMechanism OpenTpm(AmqpPeer peer) => new TpmExchange(RegistrationPeer.Of(peer), registrations);

    private static RegistrationTarget? TargetOf(string userName) =>
        userName.Split('/') is { Length: 3 } path && RegistrationTarget.Owns(path) ? new RegistrationTarget(path[0], path[2], Operations.GetDeviceRegistration) : null;
}
