using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Inventory;

/// <summary><c>GET /gatehouse/v1/certificate-alarms?closed=false&amp;after=…&amp;max=100</c>: alarms about certificates and lists that end, the first to end first.</summary>
internal sealed class ListAlarms(ICertificateAlarms alarms) : ApiOperation(Operations.ReadCertificateInventory, "GET", "gatehouse/v1/certificate-alarms")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadAlarms(request.Query, out var query) is { } fault
            ? HubErrors.ArgumentInvalid.With(fault)
            : ApiResponse.Json(await alarms.ListAsync(request.Hub, query, cancellationToken), OperatorJson.Types.AlarmPage);
}
