using Gatehouse.Contracts.Access;
using Gatehouse.Hub.ImportExport;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>DELETE /jobs/{jobId}</c>: what was done stays.</summary>
internal sealed class CancelImportExportJob(ImportExportJobs jobs) : ApiOperation(Operations.CancelImportExportJob, "DELETE", "jobs/{jobId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var cancelled = await jobs.CancelAsync(request.Hub, request.Actor, request.Segment("jobId"), cancellationToken);
        return cancelled.IsOk ? ApiResponse.NoContent : cancelled.Error;
    }
}
