using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.EnrollmentGroups;

/// <summary><c>POST /enrollmentGroups</c>: does each item that can be done and names those that cannot.</summary>
internal sealed class RunBulkEnrollmentGroupOperation(Enrollments.Enrollments enrollments, ProvisioningOptions options) : ServiceOperation(Operations.RunBulkEnrollmentGroupOperation, "POST", "enrollmentGroups")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadAsync(ProvisioningJson.Types.BulkBody, cancellationToken);
        return body.IsOk ? await BulkAnswer.RunAsync(enrollments, EnrollmentKind.Group, body.Value.Mode, body.Value.EnrollmentGroups, request, options, cancellationToken) : body.Error;
    }
}
