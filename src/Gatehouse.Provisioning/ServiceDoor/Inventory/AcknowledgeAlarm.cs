using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Provisioning.ServiceDoor.Inventory;

/// <summary><c>POST /certificateAlarms/{id}/acknowledge</c>: closes one, or with <c>all</c> those that are open now.</summary>
internal sealed class AcknowledgeAlarm(ICertificateAlarms alarms) : ServiceOperation(Operations.AcknowledgeProvisioningCertificateAlarm, "POST", "certificateAlarms/{id}/acknowledge")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) =>
        await alarms.AcknowledgeAsync(request.Service, request.Id, request.Actor, cancellationToken) is { } done
            ? ServiceAnswer.Json(done, ProvisioningJson.Own.AcknowledgedAlarms)
            : ProvisioningErrors.NotFound.With("There is no alarm of this id: 'gatehouse certificate alarms --provisioning' lists them.");
}
