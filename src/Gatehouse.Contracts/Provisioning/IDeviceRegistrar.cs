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

    /// <summary>Tags and desired properties as a document for <see cref="ProvisionedDevice.Twin"/>; null when there is no such device.</summary>
    Task<ReadOnlyMemory<byte>?> ReadTwinAsync(HubName hub, DeviceId device, CancellationToken cancellationToken);

    /// <summary>Removes the device; done when there is none.</summary>
    Task<Result<bool>> RemoveAsync(HubName hub, string actor, DeviceId device, CancellationToken cancellationToken);
}
