using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.EnrollmentGroups;

/// <summary><c>POST /enrollmentGroups/query</c>, page by page in the order of ids.</summary>
internal sealed class QueryEnrollmentGroups(EnrollmentQueries queries) : ServiceOperation(Operations.QueryEnrollmentGroups, "POST", "enrollmentGroups/query")
{
    internal override Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) =>
        EnrollmentPage.AnswerAsync(queries, EnrollmentKind.Group, request, cancellationToken);
}
