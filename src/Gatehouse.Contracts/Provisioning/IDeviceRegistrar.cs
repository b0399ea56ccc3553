using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>The way from a provisioning service into the hubs of this server. Implemented by the hub's room; the provisioning room knows nothing else of it.</summary>
public interface IDeviceRegistrar
{
    /// <summary>The hub of this server that answers to a host name; null when none does.</summary>
    HubName? FindHub(string hostName);

    /// <summary>Null when the document (<c>{"tags":{…},"properties":{"desired":{…}}}</c>) may stand in a twin. ArgumentInvalid, MessageTooLarge.</summary>
    HubError? CheckTwin(ReadOnlySpan<byte> json);

    /// <summary>Creates the device or gives it the credentials; one transaction. What the registry says (TooManyDevices …); nothing is changed then.</summary>
    /// <param name="hub">Where.</param>
    /// <param name="actor">For the audit records.</param>
    /// <param name="device">What it shall be.</param>
    /// <param name="cancellationToken">Ends the wait before the commit.</param>
    Task<Result<bool>> RegisterAsync(HubName hub, string actor, ProvisionedDevice device, CancellationToken cancellationToken);

    /// <summary>Gives a device that proves itself by the thumbprint of a certificate a new one beside the one that it has. DeviceNotFound, ArgumentInvalid when that is not its proof; nothing is changed then.</summary>
    /// <param name="hub">Where.</param>
    /// <param name="actor">For the audit records.</param>
    /// <param name="device">Which.</param>
    /// <param name="thumbprint">SHA-256 of the new one.</param>
    /// <param name="kept">The same of the one that it has, and that stays.</param>
    /// <param name="cancellationToken">Ends the wait before the commit.</param>
    Task<Result<bool>> RenewAsync(HubName hub, string actor, DeviceId device, string thumbprint, string kept, CancellationToken cancellationToken);

    /// <summary>Tags and desired properties as a document for <see cref="ProvisionedDevice.Twin"/>; null when there is no such device.</summary>
    Task<ReadOnlyMemory<byte>?> ReadTwinAsync(HubName hub, DeviceId device, CancellationToken cancellationToken);

    /// <summary>Disables the device and takes its keys: new ones are made, which it does not get. Done when there is none; one that is disabled stays as it is but for its keys.</summary>
    /// <param name="hub">Where.</param>
    /// <param name="actor">For the audit records.</param>
    /// <param name="device">Who.</param>
    /// <param name="reason">Its status reason; see <see cref="QuarantineReason"/>.</param>
    /// <param name="cancellationToken">Ends the wait before the commit.</param>
    Task<Result<bool>> QuarantineAsync(HubName hub, string actor, DeviceId device, string reason, CancellationToken cancellationToken);

    /// <summary>Changes the twin by a document as <see cref="CheckTwin"/> takes it; a null in it removes. Done when there is no such device. What the twin says (MessageTooLarge …).</summary>
    Task<Result<bool>> PatchTwinAsync(HubName hub, string actor, DeviceId device, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a certificate on the hub's revocation list: when this returns it is refused here, and who was connected by it on this node is gone. Done when it is on the list.
    /// IotHubNotFound; GenericConflict when the list is full.
    /// </summary>
    /// <param name="hub">Where.</param>
    /// <param name="actor">For the audit records.</param>
    /// <param name="certificate">Which.</param>
    /// <param name="cancellationToken">Ends the wait before the commit.</param>
    Task<Result<bool>> RevokeAsync(HubName hub, string actor, WithdrawnCertificate certificate, CancellationToken cancellationToken);

    /// <summary>Removes the device; done when there is none.</summary>
    Task<Result<bool>> RemoveAsync(HubName hub, string actor, DeviceId device, CancellationToken cancellationToken);
}
