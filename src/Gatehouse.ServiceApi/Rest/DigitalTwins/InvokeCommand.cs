using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Methods;

namespace Gatehouse.ServiceApi.Rest.DigitalTwins;

/// <summary><c>POST /digitaltwins/{deviceId}/commands/{command}</c></summary>
internal sealed class InvokeCommand(DirectMethods methods) : ApiOperation(Operations.InvokeCommand, "POST", "digitaltwins/{deviceId}/commands/{command}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        CommandInvocation.RunAsync(methods, request.Segment("command"), request, cancellationToken);
}
