using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;

/// <summary><c>DELETE /enrollments/{registrationId}</c>: no further registration by it; devices that it let in stay in their hub.</summary>
internal sealed class DeleteIndividualEnrollment(Enrollments.Enrollments enrollments) : ServiceOperation(Operations.DeleteIndividualEnrollment, "DELETE", "enrollments/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Individual);
        var ifMatch = request.IfMatch();
        if (!key.IsOk || !ifMatch.IsOk)
        {
            return key.Error ?? ifMatch.Error!;
        }

        var deleted = await enrollments.DeleteAsync(request.Service, request.Actor, key.Value, ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ServiceAnswer.NoContent : deleted.Error;
    }
}
