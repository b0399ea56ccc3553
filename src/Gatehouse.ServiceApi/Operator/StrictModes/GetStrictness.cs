using Gatehouse.Contracts.Access;
using Gatehouse.Hub.StrictModes;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.StrictModes;

/// <summary><c>GET /gatehouse/v1/strictness</c></summary>
internal sealed class GetStrictness(StrictModeRules rules) : ApiOperation(Operations.ManageStrictness, "GET", "gatehouse/v1/strictness")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await rules.FindAsync(request.Hub, cancellationToken);
        return found.IsOk ? ApiResponse.Json(StrictnessJson.From(found.Value), OperatorJson.Types.StrictnessJson, found.Value.ETag) : found.Error;
    }
}
