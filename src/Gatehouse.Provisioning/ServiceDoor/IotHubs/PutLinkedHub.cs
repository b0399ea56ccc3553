using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.LinkedHubs;

namespace Gatehouse.Provisioning.ServiceDoor.IotHubs;

/// <summary><c>PUT /iotHubs/{hostName}</c>: links a hub without If-Match, changes the link with it.</summary>
internal sealed class PutLinkedHub(LinkedHubSettings hubs) : ServiceOperation(Operations.CreateOrUpdateLinkedHub, "PUT", "iotHubs/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.LinkedHubDocument, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await hubs.PutAsync(request.Service, request.Actor, request.Id, body.Value, ifMatch.Value, cancellationToken);
        return saved.IsOk ? LinkedHubAnswer.Of(saved.Value) : saved.Error;
    }
}
