using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary><c>POST /twins/{deviceId}/methods</c></summary>
internal sealed class InvokeDeviceMethod(DirectMethods methods, Throttles throttles, TimeProvider time) : ApiOperation(Operations.InvokeMethod, "POST", "twins/{deviceId}/methods")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        return device.IsOk ? await MethodInvocation.RunAsync(methods, throttles, new IdentityKey(device.Value), request, time, cancellationToken) : device.Error;
    }
}
