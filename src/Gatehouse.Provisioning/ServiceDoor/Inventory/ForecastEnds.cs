using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Provisioning.ServiceDoor.Inventory;

/// <summary><c>GET /certificateForecast?by=week&amp;withinDays=90&amp;after=…&amp;max=100</c>: what ends when, and who fails then.</summary>
internal sealed class ForecastEnds(ICertificateInventory inventory) : ServiceOperation(Operations.ReadProvisioningCertificateInventory, "GET", "certificateForecast")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadForecast(request.Query, out var input) is { } fault
            ? ProvisioningErrors.ArgumentInvalid.With(fault)
            : ServiceAnswer.Json(await inventory.ForecastAsync(request.Service, input, cancellationToken), ProvisioningJson.Own.CertificateForecast);
}
