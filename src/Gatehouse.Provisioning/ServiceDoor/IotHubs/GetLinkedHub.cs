using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.LinkedHubs;

namespace Gatehouse.Provisioning.ServiceDoor.IotHubs;

/// <summary><c>GET /iotHubs/{hostName}</c></summary>
internal sealed class GetLinkedHub(LinkedHubSettings hubs) : ServiceOperation(Operations.GetLinkedHub, "GET", "iotHubs/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await hubs.FindAsync(request.Service, request.Id, cancellationToken);
        return found.IsOk ? LinkedHubAnswer.Of(found.Value) : found.Error;
    }
}
