using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.RegistrationStates;

/// <summary><c>POST /registrations/{enrollmentGroupId}/query</c>: all registrations through a group, page by page.</summary>
internal sealed class QueryDeviceRegistrationStates(EnrollmentQueries queries) : ServiceOperation(Operations.QueryDeviceRegistrationStates, "POST", "registrations/{id}/query")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var group = request.Key(EnrollmentKind.Group);
        var size = request.PageSize();
        var after = request.After();
        if (!group.IsOk || !size.IsOk || !after.IsOk)
        {
            return group.Error ?? size.Error ?? after.Error!;
        }

        // Node always sends a query text; the specification has no body. Nothing is left out behind the caller's back.
        var body = await request.ReadOptionalAsync(ProvisioningJson.Types.QueryBody, cancellationToken);
        if (!body.IsOk || body.Value?.Query?.Contains("where", StringComparison.OrdinalIgnoreCase) == true)
        {
            return body.Error ?? ProvisioningErrors.ArgumentInvalid.With("Conditions are not available in this version.");
        }

        var page = await queries.ListRegistrationsAsync(request.Service, group.Value, after.Value, size.Value, cancellationToken);
        return ServiceAnswer.Page(page.Items, ProvisioningJson.Own.RegistrationList, "deviceRegistration", page.Last);
    }
}
