using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Rotation;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>POST /gatehouse/v1/rotations?drill=true</c>: makes a plan, which does nothing before it is started; a drill only shows it.</summary>
internal sealed class CreateRotation(Rotations rotations) : ApiOperation(Operations.ManageRotations, "POST", "gatehouse/v1/rotations")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("drill must be true or false.");
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.RotationInput, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var isDrill = request.Query("drill") == "true";
        var plan = await rotations.CreateAsync(request.Hub, body.Value, isDrill, request.Actor, cancellationToken);
        return plan.IsOk ? ApiResponse.Json(RotationJson.From(plan.Value), OperatorJson.Types.RotationJson, status: isDrill ? StatusCodes.Status200OK : StatusCodes.Status201Created) : plan.Error;
    }
}
