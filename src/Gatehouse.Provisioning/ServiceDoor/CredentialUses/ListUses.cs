using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.UseTracking;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialUses;

/// <summary><c>GET /registrations/{registrationId}/credentialUses</c>: what one device came by, the latest first; empty for one that was never seen.</summary>
internal sealed class ListUses(ProvisioningUsage usage) : ServiceOperation(Operations.ReadProvisioningCredentialUses, "GET", "registrations/{id}/credentialUses")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Individual);
        return key.IsOk ? ServiceAnswer.Json(new UseListDocument(await usage.OfAsync(request.Service, key.Value.Id, cancellationToken)), ProvisioningJson.Own.UseListDocument) : key.Error;
    }
}
