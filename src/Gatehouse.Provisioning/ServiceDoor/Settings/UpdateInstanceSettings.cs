using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Instances;

namespace Gatehouse.Provisioning.ServiceDoor.Settings;

/// <summary><c>PATCH /provisioningService</c> with <c>{"properties":{"allocationPolicy":"…"}}</c></summary>
internal sealed class UpdateInstanceSettings(InstanceSettings settings) : ServiceOperation(Operations.UpdateProvisioningService, "PATCH", "provisioningService")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.InstanceDocument, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var saved = await settings.UpdateAsync(request.Service, request.Actor, body.Value.Properties, ifMatch.Value, cancellationToken);
        return saved.IsOk ? GetInstanceSettings.Answer(saved.Value) : saved.Error;
    }
}
