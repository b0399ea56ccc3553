using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary><c>DELETE /devices/{deviceId}</c>; its modules go with it.</summary>
internal sealed class DeleteDevice(IdentityRegistry registry) : ApiOperation(Operations.DeleteDevice, "DELETE", "devices/{deviceId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        var ifMatch = request.IfMatch();
        if (!device.IsOk || !ifMatch.IsOk)
        {
            return device.Error ?? ifMatch.Error!;
        }

        var deleted = await registry.DeleteAsync(request.Hub, request.Actor, new IdentityKey(device.Value), ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
