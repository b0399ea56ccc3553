using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;

/// <summary><c>PUT /enrollments/{registrationId}</c>: creates without If-Match, changes with it; the answer shows keys that were made.</summary>
internal sealed class CreateOrUpdateIndividualEnrollment(Enrollments.Enrollments enrollments) : ServiceOperation(Operations.CreateOrUpdateIndividualEnrollment, "PUT", "enrollments/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var key = request.Key(EnrollmentKind.Individual);
        var ifMatch = request.IfMatch();
        if (!key.IsOk || !ifMatch.IsOk)
        {
            return key.Error ?? ifMatch.Error!;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.EnrollmentDocument, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var written = await enrollments.PutAsync(request.Service, request.Actor, key.Value, request.Id, body.Value, ifMatch.Value, cancellationToken);
        return written.IsOk ? ServiceAnswer.Json(written.Value, ProvisioningJson.Own.EnrollmentDocument, written.Value.Etag) : written.Error;
    }
}
