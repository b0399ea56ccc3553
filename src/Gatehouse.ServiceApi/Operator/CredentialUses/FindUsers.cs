using Gatehouse.Contracts.Access;
using Gatehouse.Hub.UseTracking;
using Gatehouse.ServiceApi.Operator.Audit;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.CredentialUses;

/// <summary><c>GET /gatehouse/v1/credentials/users?credential=primaryKey&amp;since=…&amp;after=…&amp;max=100</c>: who used a credential, and how many stand on it now.</summary>
internal sealed class FindUsers(CredentialUsage usage) : ApiOperation(Operations.ReadCredentialUses, "GET", "gatehouse/v1/credentials/users")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var (selector, since, after, max) = (CredentialSelector.Parse(request.Query("credential")), UseQuery.Since(request), UseQuery.After(request), Page.Max(request, 100));
        if (!selector.IsOk || !since.IsOk || !after.IsOk || !max.IsOk)
        {
            return selector.Error ?? since.Error ?? after.Error ?? max.Error!;
        }

        var page = await usage.FindAsync(request.Hub, selector.Value, since.Value, after.Value, max.Value, cancellationToken);
        var count = await usage.CountAsync(request.Hub, selector.Value, since.Value, cancellationToken);
        var live = await usage.CountLiveAsync(request.Hub, selector.Value, cancellationToken);
        var answer = new UsersJson(selector.Value.Text, count.Identities, count.LastUsed?.UtcDateTime, live.All, live.OtherNodes, [.. page.Uses.Select(UseJson.From)], UseQuery.Write(page.Next));
        return ApiResponse.Json(answer, OperatorJson.Types.UsersJson);
    }
}
