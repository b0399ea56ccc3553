using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Statistics;

/// <summary><c>GET /statistics/devices</c></summary>
internal sealed class GetDeviceStatistics(RegistryStatistics statistics) : ApiOperation(Operations.GetDeviceStatistics, "GET", "statistics/devices")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var numbers = await statistics.ReadAsync(request.Hub, cancellationToken);
        return numbers.IsOk
            ? ApiResponse.Json(new DeviceStatisticsDocument(numbers.Value.Total, numbers.Value.Enabled, numbers.Value.Disabled), RegistryJson.Shapes.DeviceStatisticsDocument)
            : numbers.Error;
    }
}
