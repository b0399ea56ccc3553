using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>PUT /jobs/v2/{jobId}</c></summary>
internal sealed class CreateScheduledJob(Hub.Jobs.Jobs jobs) : ApiOperation(Operations.CreateScheduledJob, "PUT", "jobs/v2/{jobId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(JobJson.Shapes.JobBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var jobId = request.Segment("jobId");
        if (!string.IsNullOrEmpty(body.Value.JobId) && body.Value.JobId != jobId)
        {
            return HubErrors.ArgumentInvalid.With("The jobId of the body must equal the one of the path.");
        }

        var made = await jobs.CreateAsync(request.Hub, request.Actor, body.Value.ToInput(jobId), cancellationToken);
        return made.IsOk ? ApiResponse.Raw(JobDocument.Of(made.Value)) : made.Error;
    }
}
