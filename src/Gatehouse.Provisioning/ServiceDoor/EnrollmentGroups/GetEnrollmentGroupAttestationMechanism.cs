using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.EnrollmentGroups;

/// <summary><c>POST /enrollmentGroups/{enrollmentGroupId}/attestationmechanism</c>: keys and certificates in full.</summary>
internal sealed class GetEnrollmentGroupAttestationMechanism(Enrollments.Enrollments enrollments)
    : ServiceOperation(Operations.GetEnrollmentGroupAttestationMechanism, "POST", "enrollmentGroups/{id}/attestationmechanism")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Group);
        if (!key.IsOk)
        {
            return key.Error;
        }

        var found = await enrollments.GetAttestationAsync(request.Service, key.Value, cancellationToken);
        return found.IsOk ? ServiceAnswer.Json(found.Value, ProvisioningJson.Own.AttestationDocument) : found.Error;
    }
}
