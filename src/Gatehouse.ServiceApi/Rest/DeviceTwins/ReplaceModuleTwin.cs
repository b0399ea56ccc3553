using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DeviceTwins;

/// <summary><c>PUT /twins/{deviceId}/modules/{moduleId}</c>: tags and desired properties become what the body says; 200 with the whole twin.</summary>
internal sealed class ReplaceModuleTwin(Twins twins) : ApiOperation(Operations.ReplaceTwin, "PUT", "twins/{deviceId}/modules/{moduleId}")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) => TwinRequests.WriteAsync(twins, request, isReplacement: true, cancellationToken);
}
