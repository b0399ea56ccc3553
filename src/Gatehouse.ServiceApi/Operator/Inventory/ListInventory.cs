using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.Certificates;

namespace Gatehouse.ServiceApi.Operator.Inventory;

/// <summary><c>GET /gatehouse/v1/certificate-inventory?kind=device&amp;issuer=…&amp;expiresBefore=…&amp;after=…&amp;max=100</c>: the certificates that the hub knows, the first to end first.</summary>
internal sealed class ListInventory(CertificateInventory inventory) : ApiOperation(Operations.ReadCertificateInventory, "GET", "gatehouse/v1/certificate-inventory")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadPage(request.Query, out var filter, out var after, out var max) is { } fault
            ? HubErrors.ArgumentInvalid.With(fault)
            : ApiResponse.Json(await inventory.ListAsync(request.Hub, filter, after, max, cancellationToken), OperatorJson.Types.InventoryPage);
}
