using Gatehouse.Contracts.Access;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.AccessPolicies;

/// <summary><c>GET /gatehouse/v1/policies</c></summary>
internal sealed class ListPolicies(SharedAccessPolicies policies) : ApiOperation(Operations.ManagePolicies, "GET", "gatehouse/v1/policies")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await policies.ListAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<PolicyJson>([.. all.Select(PolicyJson.From)]), OperatorJson.Types.Policies);
    }
}
