using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Queries;
using Gatehouse.ServiceApi.Rest.Queries;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>GET /jobs/v2/query?jobType=&amp;jobStatus=</c>, paged as queries are.</summary>
internal sealed class QueryScheduledJobs(Hub.Jobs.Jobs jobs) : ApiOperation(Operations.QueryScheduledJobs, "GET", "jobs/v2/query")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var paging = Paging.Read(request);
        if (!paging.IsOk)
        {
            return paging.Error;
        }

        var page = await jobs.QueryAsync(request.Hub, request.Query("jobType"), request.Query("jobStatus"), paging.Value.Items, paging.Value.Continuation, cancellationToken);
        return page.IsOk ? new PageAnswer(new QueryPage("JobResponse", JobDocument.Of(page.Value.Jobs), page.Value.Continuation)) : page.Error;
    }
}
