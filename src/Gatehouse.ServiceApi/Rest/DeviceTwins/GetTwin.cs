using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DeviceTwins;

/// <summary><c>GET /twins/{deviceId}</c></summary>
internal sealed class GetTwin(Twins twins) : ApiOperation(Operations.GetTwin, "GET", "twins/{deviceId}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) => TwinRequests.GetAsync(twins, request, cancellationToken);
}
