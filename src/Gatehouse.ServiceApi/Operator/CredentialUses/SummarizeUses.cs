using Gatehouse.Contracts.Access;
using Gatehouse.Hub.UseTracking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.CredentialUses;

/// <summary><c>GET /gatehouse/v1/credentials?since=…</c>: each credential of the hub, by how many it is used and when it was last.</summary>
internal sealed class SummarizeUses(CredentialUsage usage) : ApiOperation(Operations.ReadCredentialUses, "GET", "gatehouse/v1/credentials")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var since = UseQuery.Since(request);
        return since.IsOk
            ? ApiResponse.Json(UseSummaryJson.From(await usage.SummarizeAsync(request.Hub, since.Value, cancellationToken)), OperatorJson.Types.UseSummaryJson)
            : since.Error;
    }
}
