using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.ServiceApi.Rest.Methods;

/// <summary><c>POST /twins/{deviceId}/modules/{moduleId}/methods</c></summary>
internal sealed class InvokeModuleMethod(DirectMethods methods, Throttles throttles, TimeProvider time) : ApiOperation(Operations.InvokeMethod, "POST", "twins/{deviceId}/modules/{moduleId}/methods")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var module = request.ModuleKey();
        return module.IsOk ? await MethodInvocation.RunAsync(methods, throttles, module.Value, request, time, cancellationToken) : module.Error;
    }
}
