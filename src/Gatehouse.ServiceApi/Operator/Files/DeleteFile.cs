using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Files;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary><c>DELETE /gatehouse/v1/files?name=</c></summary>
internal sealed class DeleteFile(UploadedFiles files) : ApiOperation(Operations.DeleteFile, "DELETE", "gatehouse/v1/files")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("name") is not { Length: > 0 } name)
        {
            return HubErrors.ArgumentNull.With("name is missing.");
        }

        var deleted = await files.DeleteAsync(request.Hub, name, request.Actor, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
