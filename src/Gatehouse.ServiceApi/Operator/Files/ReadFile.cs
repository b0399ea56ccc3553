using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Files;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary><c>GET /gatehouse/v1/files/content?name=</c>: the bytes of a file. The name is in the query: it holds slashes.</summary>
internal sealed class ReadFile(UploadedFiles files) : ApiOperation(Operations.ReadFiles, "GET", "gatehouse/v1/files/content")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("name") is not { Length: > 0 } name)
        {
            return HubErrors.ArgumentNull.With("name is missing.");
        }

        var found = await files.FindAsync(request.Hub, name, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        // What a device uploaded must not become a page of the hub's.
        var (blob, path) = found.Value;
        var response = request.Http.Response;
        response.Headers.ContentDisposition = "attachment";
        response.Headers.ContentSecurityPolicy = "sandbox";
        response.Headers.ETag = blob.ETag;
        response.ContentType = blob.ContentType;
        response.ContentLength = blob.Size;
        if (blob.Size > 0)
        {
            await response.SendFileAsync(path, 0, blob.Size, cancellationToken);
        }

        return ApiResponse.Sent;
    }
}
