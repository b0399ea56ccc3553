using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Inventory;

/// <summary><c>GET /gatehouse/v1/certificate-inventory?kind=device&amp;issuer=…&amp;expiresBefore=…&amp;after=…&amp;max=100</c>: the certificates that the hub knows, the first to end first.</summary>
internal sealed class ListInventory(ICertificateInventory inventory) : ApiOperation(Operations.ReadCertificateInventory, "GET", "gatehouse/v1/certificate-inventory")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadPage(request.Query, out var filter, out var after, out var max) is { } fault
            ? HubErrors.ArgumentInvalid.With(fault)
            : ApiResponse.Json(await inventory.ListAsync(request.Hub, filter, after, max, cancellationToken), OperatorJson.Types.InventoryPage);
}
