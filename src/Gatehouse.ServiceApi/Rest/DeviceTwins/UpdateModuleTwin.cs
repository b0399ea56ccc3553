using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DeviceTwins;

/// <summary><c>PATCH /twins/{deviceId}/modules/{moduleId}</c>: merges tags and desired properties; 200 with the whole twin.</summary>
internal sealed class UpdateModuleTwin(Twins twins) : ApiOperation(Operations.UpdateTwin, "PATCH", "twins/{deviceId}/modules/{moduleId}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) => TwinRequests.WriteAsync(twins, request, isReplacement: false, cancellationToken);
}
