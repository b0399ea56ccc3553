using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Modules;

/// <summary><c>PUT /devices/{deviceId}/modules/{moduleId}</c></summary>
internal sealed class CreateOrUpdateModule(IdentityRegistry registry) : ApiOperation(Operations.CreateOrUpdateModule, "PUT", "devices/{deviceId}/modules/{moduleId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var key = request.ModuleKey();
        var ifMatch = request.IfMatch();
        if (!key.IsOk || !ifMatch.IsOk)
        {
            return key.Error ?? ifMatch.Error!;
        }

        var body = await request.ReadJsonAsync(RegistryJson.Shapes.ModuleBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.DeviceId != key.Value.Device.Value || body.Value.ModuleId != key.Value.Module!.Value.Value)
        {
            return HubErrors.ArgumentInvalid.With("The deviceId and moduleId of the body must equal those of the path.");
        }

        var stored = await registry.PutAsync(request.Hub, request.Actor, body.Value.ToInput(key.Value), ifMatch.Value, cancellationToken);
        return stored.IsOk ? ApiResponse.Json(ModuleDocument.Of(stored.Value), RegistryJson.Shapes.ModuleDocument, stored.Value.ETag) : stored.Error;
    }
}
