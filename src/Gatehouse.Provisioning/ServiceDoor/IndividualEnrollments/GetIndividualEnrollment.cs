using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;

/// <summary><c>GET /enrollments/{registrationId}</c></summary>
internal sealed class GetIndividualEnrollment(Enrollments.Enrollments enrollments) : ServiceOperation(Operations.GetIndividualEnrollment, "GET", "enrollments/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Individual);
        if (!key.IsOk)
        {
            return key.Error;
        }

        var found = await enrollments.GetAsync(request.Service, key.Value, cancellationToken);
        return found.IsOk ? ServiceAnswer.Json(found.Value, ProvisioningJson.Own.EnrollmentDocument, found.Value.Etag) : found.Error;
    }
}
