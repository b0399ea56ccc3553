using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.EnrollmentGroups;

/// <summary><c>GET /enrollmentGroups/{enrollmentGroupId}</c></summary>
internal sealed class GetEnrollmentGroup(Enrollments.Enrollments enrollments) : ServiceOperation(Operations.GetEnrollmentGroup, "GET", "enrollmentGroups/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Group);
        if (!key.IsOk)
        {
            return key.Error;
        }

        var found = await enrollments.GetAsync(request.Service, key.Value, cancellationToken);
        return found.IsOk ? ServiceAnswer.Json(found.Value, ProvisioningJson.Own.EnrollmentDocument, found.Value.Etag) : found.Error;
    }
}
