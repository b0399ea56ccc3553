using Gatehouse.Contracts.Access;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary><c>DELETE /configurations/{id}</c></summary>
internal sealed class DeleteConfiguration(Hub.Configurations.Configurations configurations) : ApiOperation(Operations.DeleteConfiguration, "DELETE", "configurations/{id}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await configurations.DeleteAsync(request.Hub, request.Actor, request.Segment("id"), ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
