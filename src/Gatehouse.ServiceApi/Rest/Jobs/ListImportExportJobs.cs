using Gatehouse.Contracts.Access;
using Gatehouse.Hub.ImportExport;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>GET /jobs</c>: newest first.</summary>
internal sealed class ListImportExportJobs(ImportExportJobs jobs) : ApiOperation(Operations.GetImportExportJob, "GET", "jobs")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await jobs.ListAsync(request.Hub, cancellationToken);
        return ApiResponse.Json([.. found.Select(ImportExportDocument.Of)], JobJson.Shapes.IReadOnlyListImportExportDocument);
    }
}
