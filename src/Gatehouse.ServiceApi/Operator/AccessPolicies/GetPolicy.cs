using Gatehouse.Contracts.Access;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.AccessPolicies;

/// <summary><c>GET /gatehouse/v1/policies/{name}</c></summary>
internal sealed class GetPolicy(SharedAccessPolicies policies) : ApiOperation(Operations.ManagePolicies, "GET", "gatehouse/v1/policies/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await policies.FindAsync(request.Hub, request.Segment("name"), cancellationToken);
        return found.IsOk ? PolicyJson.Answer(found.Value) : found.Error;
    }
}
