using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Instances;

namespace Gatehouse.Provisioning.ServiceDoor.Settings;

/// <summary><c>GET /provisioningService</c></summary>
internal sealed class GetInstanceSettings(InstanceSettings settings) : ServiceOperation(Operations.GetProvisioningService, "GET", "provisioningService")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await settings.GetAsync(request.Service, cancellationToken);
        return found.IsOk ? Answer(found.Value) : found.Error;
    }

    internal static ServiceAnswer Answer(ProvisioningInstance instance)
    {
        var document = InstanceDocument.Of(instance);
        return ServiceAnswer.Json(document, ProvisioningJson.Types.InstanceDocument, document.Etag);
    }
}
