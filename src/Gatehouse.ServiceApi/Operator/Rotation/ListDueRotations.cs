using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.Store.Rotation;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>GET /gatehouse/v1/rotation-rules/{kind}/due?max=100</c>: what will be rotated next, the oldest first.</summary>
internal sealed class ListDueRotations(RotationRules rules) : ApiOperation(Operations.ManageRotations, "GET", "gatehouse/v1/rotation-rules/{kind}/due")
{
    private const int DefaultMax = 100;

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = DefaultMax;
        if (request.Query("max") is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out max))
        {
            return HubErrors.ArgumentInvalid.With("max must be a whole number.");
        }

        var due = await rules.ListDueAsync(request.Hub, request.Segment("kind"), max, cancellationToken);
        return due.IsOk ? ApiResponse.Json(new ListOf<DueView>(due.Value), OperatorJson.Types.DueRotations) : due.Error;
    }
}
