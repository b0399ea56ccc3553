using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Statistics;

/// <summary><c>GET /statistics/service</c></summary>
internal sealed class GetServiceStatistics(RegistryStatistics statistics) : ApiOperation(Operations.GetServiceStatistics, "GET", "statistics/service")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(ApiResponse.Json(new ServiceStatisticsDocument(statistics.CountConnectedDevices(request.Hub)), RegistryJson.Shapes.ServiceStatisticsDocument));
}
