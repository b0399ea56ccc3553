using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.Rotation;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>GET /gatehouse/v1/rotation-rules</c>: each with how many keys are over age.</summary>
internal sealed class ListRotationRules(RotationRules rules) : ApiOperation(Operations.ManageRotations, "GET", "gatehouse/v1/rotation-rules")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        ApiResponse.Json(new ListOf<RuleView>(await rules.ListAsync(request.Hub, cancellationToken)), OperatorJson.Types.RotationRules);
}
