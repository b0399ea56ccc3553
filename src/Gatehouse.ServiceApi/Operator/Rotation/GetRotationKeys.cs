using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Rotation;

/// <summary><c>GET /gatehouse/v1/rotations/{plan}/keys?after=d1</c>: the new keys, for those who bring them to the devices. Each page is audited.</summary>
internal sealed class GetRotationKeys(FleetKeys keys) : ApiOperation(Operations.ManageRotations, "GET", "gatehouse/v1/rotations/{plan}/keys")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        IdentityKey? after = null;
        if (request.Query("after") is { } text)
        {
            if (!IdentityKey.TryParse(text, out var identity))
            {
                return HubErrors.ArgumentInvalid.With("after must be what the page before gave as next.");
            }

            after = identity;
        }

        var page = await keys.ReadAsync(request.Hub, request.Segment("plan"), after, request.Actor, cancellationToken);
        return page.IsOk ? ApiResponse.Json(page.Value, OperatorJson.Types.HandedKeys) : page.Error;
    }
}
