using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;

/// <summary><c>POST /enrollments</c>: does each item that can be done and names those that cannot.</summary>
internal sealed class RunBulkEnrollmentOperation(Enrollments.Enrollments enrollments, ProvisioningOptions options) : ServiceOperation(Operations.RunBulkEnrollmentOperation, "POST", "enrollments")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadAsync(ProvisioningJson.Types.BulkBody, cancellationToken);
        return body.IsOk ? await BulkAnswer.RunAsync(enrollments, EnrollmentKind.Individual, body.Value.Mode, body.Value.Enrollments, request, options, cancellationToken) : body.Error;
    }
}
