using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>Queries of either kind.</summary>
internal static class EnrollmentPage
{
    internal static async Task<ServiceAnswer> AnswerAsync(EnrollmentQueries queries, EnrollmentKind kind, ServiceRequest request, CancellationToken cancellationToken)
    {
        var size = request.PageSize();
        var after = request.After();
        if (!size.IsOk || !after.IsOk)
        {
            return size.Error ?? after.Error!;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.QueryBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var page = await queries.RunAsync(request.Service, kind, body.Value.Query, after.Value, size.Value, cancellationToken);
        return page.IsOk
            ? ServiceAnswer.Page(page.Value.Items, ProvisioningJson.Own.EnrollmentList, kind == EnrollmentKind.Group ? "enrollmentGroup" : "enrollment", page.Value.Last)
            : page.Error;
    }
}
