using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;

/// <summary><c>POST /enrollments/{registrationId}/attestationmechanism</c>: keys and certificates in full.</summary>
internal sealed class GetIndividualEnrollmentAttestationMechanism(Enrollments.Enrollments enrollments)
    : ServiceOperation(Operations.GetIndividualEnrollmentAttestationMechanism, "POST", "enrollments/{id}/attestationmechanism")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Individual);
        if (!key.IsOk)
        {
            return key.Error;
        }

        var found = await enrollments.GetAttestationAsync(request.Service, key.Value, cancellationToken);
        return found.IsOk ? ServiceAnswer.Json(found.Value, ProvisioningJson.Own.AttestationDocument) : found.Error;
    }
}
