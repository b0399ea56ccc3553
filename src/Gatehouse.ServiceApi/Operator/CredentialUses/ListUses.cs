using Gatehouse.Contracts.Access;
using Gatehouse.Hub.UseTracking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.CredentialUses;

/// <summary><c>GET /gatehouse/v1/devices/{deviceId}/credentials</c>, and of a module: what it used, the latest first.</summary>
internal abstract class ListUses(CredentialUsage usage, string path) : ApiOperation(Operations.ReadCredentialUses, "GET", path)
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var identity = request.Identity();
        return identity.IsOk
            ? ApiResponse.Json(new ListOf<UseJson>([.. (await usage.OfAsync(request.Hub, identity.Value, cancellationToken)).Select(UseJson.From)]), OperatorJson.Types.Uses)
            : identity.Error;
    }
}

/// <inheritdoc/>
internal sealed class ListDeviceUses(CredentialUsage usage) : ListUses(usage, "gatehouse/v1/devices/{deviceId}/credentials");

/// <inheritdoc/>
internal sealed class ListModuleUses(CredentialUsage usage) : ListUses(usage, "gatehouse/v1/devices/{deviceId}/modules/{moduleId}/credentials");
