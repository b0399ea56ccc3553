using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Modules;

/// <summary><c>GET /devices/{deviceId}/modules</c></summary>
internal sealed class ListModules(IdentityRegistry registry) : ApiOperation(Operations.ListModules, "GET", "devices/{deviceId}/modules")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var found = await registry.ListModulesAsync(request.Hub, device.Value, cancellationToken);
        return found.IsOk ? ApiResponse.Json([.. found.Value.Select(ModuleDocument.Of)], RegistryJson.Shapes.IReadOnlyListModuleDocument) : found.Error;
    }
}
