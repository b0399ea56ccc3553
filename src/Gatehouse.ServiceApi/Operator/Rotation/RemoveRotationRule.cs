using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>DELETE /gatehouse/v1/rotation-rules/{kind}</c>: the rule goes, its plans go on.</summary>
internal sealed class RemoveRotationRule(RotationRules rules) : ApiOperation(Operations.ManageRotations, "DELETE", "gatehouse/v1/rotation-rules/{kind}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var rule = await rules.RemoveAsync(request.Hub, request.Segment("kind"), request.Actor, cancellationToken);
        return rule.IsOk ? ApiResponse.Json(rule.Value, OperatorJson.Types.RuleView) : rule.Error;
    }
}
