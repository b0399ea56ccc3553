using Gatehouse.Contracts.Identities;

namespace Gatehouse.Contracts.Provisioning;

/// <summary>Whose keys in a hub are of a provisioning service's making: what a hub changes there is undone when the device registers again. Implemented by the provisioning room.</summary>
public interface IProvisionedKeys
{
    /// <summary>Of these devices, those that a provisioning service of this server has put into the hub, each with the words that say by which enrollment of which service.</summary>
    /// <param name="hub">Tenant.</param>
    /// <param name="devices">At most some hundreds.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<IReadOnlyDictionary<string, string>> FindAsync(HubName hub, IReadOnlyList<string> devices, CancellationToken cancellationToken);
}
