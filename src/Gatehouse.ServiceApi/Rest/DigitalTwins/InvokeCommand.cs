using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.ServiceApi.Rest.DigitalTwins;

/// <summary><c>POST /digitaltwins/{deviceId}/commands/{command}</c></summary>
internal sealed class InvokeCommand(DirectMethods methods, Throttles throttles) : ApiOperation(Operations.InvokeCommand, "POST", "digitaltwins/{deviceId}/commands/{command}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        CommandInvocation.RunAsync(methods, throttles, request.Segment("command"), request, cancellationToken);
}
