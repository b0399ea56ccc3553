using Gatehouse.Contracts.Access;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>POST /jobs/v2/{jobId}/cancel</c>: 200 with the job.</summary>
internal sealed class CancelScheduledJob(Hub.Jobs.Jobs jobs) : ApiOperation(Operations.CancelScheduledJob, "POST", "jobs/v2/{jobId}/cancel")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var cancelled = await jobs.CancelAsync(request.Hub, request.Actor, request.Segment("jobId"), cancellationToken);
        return cancelled.IsOk ? ApiResponse.Raw(JobDocument.Of(cancelled.Value)) : cancelled.Error;
    }
}
