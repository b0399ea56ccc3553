using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Revocations;

/// <summary><c>DELETE /gatehouse/v1/revocations/{mark}?mistake=true</c>: takes an entry away, one that is no hold only as a mistake.</summary>
internal sealed class UndoRevocation(RevocationList revocations) : ApiOperation(Operations.ManageRevocations, "DELETE", "gatehouse/v1/revocations/{mark}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("mistake") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("mistake must be true or false.");
        }

        var undone = await revocations.UndoAsync(request.Hub, request.Segment("mark"), request.Query("mistake") == "true", request.Actor, cancellationToken);
        return undone.IsOk ? ApiResponse.Json(RevocationJson.From(undone.Value), OperatorJson.Types.RevocationJson) : undone.Error;
    }
}
