using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Provisioning.ServiceDoor.Inventory;

/// <summary><c>GET /certificateInventory?kind=issued&amp;issuer=…&amp;expiresBefore=…&amp;after=…&amp;max=100</c>: the certificates that the service knows, the first to end first.</summary>
internal sealed class ListInventory(ICertificateInventory inventory) : ServiceOperation(Operations.ReadProvisioningCertificateInventory, "GET", "certificateInventory")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadPage(request.Query, out var filter, out var after, out var max) is { } fault
            ? ProvisioningErrors.ArgumentInvalid.With(fault)
            : ServiceAnswer.Json(await inventory.ListAsync(request.Service, filter, after, max, cancellationToken), ProvisioningJson.Own.InventoryPage);
}
