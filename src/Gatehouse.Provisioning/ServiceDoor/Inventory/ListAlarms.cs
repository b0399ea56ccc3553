using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Provisioning.ServiceDoor.Inventory;

/// <summary><c>GET /certificateAlarms?closed=false&amp;after=…&amp;max=100</c>: alarms about certificates that end, the first to end first.</summary>
internal sealed class ListAlarms(ICertificateAlarms alarms) : ServiceOperation(Operations.ReadProvisioningCertificateInventory, "GET", "certificateAlarms")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) =>
        InventoryQuery.ReadAlarms(request.Query, out var query) is { } fault
            ? ProvisioningErrors.ArgumentInvalid.With(fault)
            : ServiceAnswer.Json(await alarms.ListAsync(request.Service, query, cancellationToken), ProvisioningJson.Own.AlarmPage);
}
