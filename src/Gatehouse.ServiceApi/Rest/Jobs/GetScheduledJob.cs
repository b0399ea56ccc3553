using Gatehouse.Contracts.Access;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>GET /jobs/v2/{jobId}</c>: 200 also for a job that is not there, with the status <c>unknown</c>, as the service.</summary>
internal sealed class GetScheduledJob(Hub.Jobs.Jobs jobs) : ApiOperation(Operations.GetScheduledJob, "GET", "jobs/v2/{jobId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var jobId = request.Segment("jobId");
        var found = await jobs.GetAsync(request.Hub, jobId, cancellationToken);
        return ApiResponse.Raw(found.IsOk ? JobDocument.Of(found.Value) : JobDocument.Unknown(jobId));
    }
}
