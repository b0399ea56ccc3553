using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;

namespace Gatehouse.Provisioning.ServiceDoor.IndividualEnrollments;

/// <summary><c>POST /enrollments/query</c>, page by page in the order of ids.</summary>
internal sealed class QueryIndividualEnrollments(EnrollmentQueries queries) : ServiceOperation(Operations.QueryIndividualEnrollments, "POST", "enrollments/query")
{
    internal override Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken) =>
        EnrollmentPage.AnswerAsync(queries, EnrollmentKind.Individual, request, cancellationToken);
}
