using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Modules;

/// <summary><c>GET /devices/{deviceId}/modules/{moduleId}</c></summary>
internal sealed class GetModule(IdentityRegistry registry) : ApiOperation(Operations.GetModule, "GET", "devices/{deviceId}/modules/{moduleId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var key = request.ModuleKey();
        if (!key.IsOk)
        {
            return key.Error;
        }

        var found = await registry.GetAsync(request.Hub, key.Value, cancellationToken);
        return found.IsOk ? ApiResponse.Json(ModuleDocument.Of(found.Value), RegistryJson.Shapes.ModuleDocument, found.Value.ETag) : found.Error;
    }
}
