using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Files;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary><c>GET /gatehouse/v1/file-upload</c></summary>
internal sealed class GetFileUpload(FileUploadDefinitions definitions) : ApiOperation(Operations.ManageFileUpload, "GET", "gatehouse/v1/file-upload")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var properties = await definitions.GetAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(FileUploadBody.From(properties), OperatorJson.Types.FileUploadBody, properties.ETag);
    }
}
