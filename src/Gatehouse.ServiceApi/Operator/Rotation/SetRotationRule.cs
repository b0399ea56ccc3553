using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>PUT /gatehouse/v1/rotation-rules/{kind}</c>: how old keys of a kind may become.</summary>
internal sealed class SetRotationRule(RotationRules rules) : ApiOperation(Operations.ManageRotations, "PUT", "gatehouse/v1/rotation-rules/{kind}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.RuleInput, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var rule = await rules.SetAsync(request.Hub, request.Segment("kind"), body.Value, request.Actor, cancellationToken);
        return rule.IsOk ? ApiResponse.Json(rule.Value, OperatorJson.Types.RuleView) : rule.Error;
    }
}
