using Gatehouse.Contracts.Access;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.AccessPolicies;

/// <summary><c>DELETE /gatehouse/v1/policies/{name}</c></summary>
internal sealed class DeletePolicy(SharedAccessPolicies policies) : ApiOperation(Operations.ManagePolicies, "DELETE", "gatehouse/v1/policies/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await policies.DeleteAsync(request.Hub, request.Segment("name"), ifMatch.Value, request.Actor, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
