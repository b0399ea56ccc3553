using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.LinkedHubs;

namespace Gatehouse.Provisioning.ServiceDoor.IotHubs;

/// <summary><c>DELETE /iotHubs/{hostName}</c>, with If-Match; not while devices are assigned to it or enrollments name it, unless <c>force=true</c>.</summary>
internal sealed class DeleteLinkedHub(LinkedHubSettings hubs) : ServiceOperation(Operations.DeleteLinkedHub, "DELETE", "iotHubs/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await hubs.DeleteAsync(request.Service, request.Actor, request.Id, ifMatch.Value, request.IsForced, cancellationToken);
        return deleted.IsOk ? ServiceAnswer.NoContent : deleted.Error;
    }
}
