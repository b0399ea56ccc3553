using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Registry;

namespace Gatehouse.ServiceApi.Rest.Modules;

/// <summary><c>DELETE /devices/{deviceId}/modules/{moduleId}</c></summary>
internal sealed class DeleteModule(IdentityRegistry registry) : ApiOperation(Operations.DeleteModule, "DELETE", "devices/{deviceId}/modules/{moduleId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var key = request.ModuleKey();
        var ifMatch = request.IfMatch();
        if (!key.IsOk || !ifMatch.IsOk)
        {
            return key.Error ?? ifMatch.Error!;
        }

        var deleted = await registry.DeleteAsync(request.Hub, request.Actor, key.Value, ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
