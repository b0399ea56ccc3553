using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Files;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary><c>PUT /gatehouse/v1/file-upload</c>: replaces all parts.</summary>
internal sealed class PutFileUpload(FileUploadDefinitions definitions) : ApiOperation(Operations.ManageFileUpload, "PUT", "gatehouse/v1/file-upload")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.FileUploadBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var given = body.Value.ToProperties();
        if (!given.IsOk)
        {
            return given.Error;
        }

        var saved = await definitions.PutAsync(request.Hub, given.Value, ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk ? ApiResponse.Json(FileUploadBody.From(saved.Value), OperatorJson.Types.FileUploadBody, saved.Value.ETag) : saved.Error;
    }
}
