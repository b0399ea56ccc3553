using Gatehouse.Contracts.Access;
using Gatehouse.Hub.ImportExport;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>GET /jobs/{jobId}</c></summary>
internal sealed class GetImportExportJob(ImportExportJobs jobs) : ApiOperation(Operations.GetImportExportJob, "GET", "jobs/{jobId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await jobs.GetAsync(request.Hub, request.Segment("jobId"), cancellationToken);
        return found.IsOk ? ApiResponse.Json(ImportExportDocument.Of(found.Value), JobJson.Shapes.ImportExportDocument) : found.Error;
    }
}
