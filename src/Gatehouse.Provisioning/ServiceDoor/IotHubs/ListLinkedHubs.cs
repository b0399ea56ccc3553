using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.LinkedHubs;

namespace Gatehouse.Provisioning.ServiceDoor.IotHubs;

/// <summary><c>GET /iotHubs</c></summary>
internal sealed class ListLinkedHubs(LinkedHubSettings hubs) : ServiceOperation(Operations.ListLinkedHubs, "GET", "iotHubs")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var all = await hubs.ListAsync(request.Service, cancellationToken);
        return ServiceAnswer.Json(new LinkedHubList([.. all.Select(LinkedHubDocument.Of)]), ProvisioningJson.Own.LinkedHubList);
    }
}
