using Gatehouse.Contracts.Access;
using Gatehouse.Hub.ImportExport;

namespace Gatehouse.ServiceApi.Rest.Jobs;

/// <summary><c>POST /jobs/create</c></summary>
internal sealed class CreateImportExportJob(ImportExportJobs jobs) : ApiOperation(Operations.CreateImportExportJob, "POST", "jobs/create")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(JobJson.Shapes.ImportExportBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var made = await jobs.CreateAsync(request.Hub, request.Actor, body.Value.ToInput(), cancellationToken);
        return made.IsOk ? ApiResponse.Json(ImportExportDocument.Of(made.Value), JobJson.Shapes.ImportExportDocument) : made.Error;
    }
}
