using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Inventory;

/// <summary><c>GET /gatehouse/v1/certificate-forecast?by=week&amp;withinDays=90&amp;after=…&amp;max=100</c>: what ends when, and who fails then.</summary>
internal sealed class ForecastEnds(ICertificateInventory inventory) : ApiOperation(Operations.ReadCertificateInventory, "GET", "gatehouse/v1/certificate-forecast")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadForecast(request.Query, out var input) is { } fault
            ? HubErrors.ArgumentInvalid.With(fault)
            : ApiResponse.Json(await inventory.ForecastAsync(request.Hub, input, cancellationToken), OperatorJson.Types.CertificateForecast);
}
