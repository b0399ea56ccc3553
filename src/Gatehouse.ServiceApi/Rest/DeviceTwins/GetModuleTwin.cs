using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DeviceTwins;

/// <summary><c>GET /twins/{deviceId}/modules/{moduleId}</c></summary>
internal sealed class GetModuleTwin(Twins twins) : ApiOperation(Operations.GetTwin, "GET", "twins/{deviceId}/modules/{moduleId}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) => TwinRequests.GetAsync(twins, request, cancellationToken);
}
