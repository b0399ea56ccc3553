using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Throttling;

namespace Gatehouse.ServiceApi.Rest.DigitalTwins;

/// <summary><c>POST /digitaltwins/{deviceId}/components/{component}/commands/{command}</c></summary>
internal sealed class InvokeComponentCommand(DirectMethods methods, Throttles throttles) : ApiOperation(Operations.InvokeCommand, "POST", "digitaltwins/{deviceId}/components/{component}/commands/{command}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        CommandInvocation.RunAsync(methods, throttles, $"{request.Segment("component")}*{request.Segment("command")}", request, cancellationToken);
}
