using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary><c>GET /gatehouse/v1/consumer-groups</c></summary>
internal sealed class ListConsumerGroups(ConsumerGroups groups) : ApiOperation(Operations.ManageConsumerGroups, "GET", "gatehouse/v1/consumer-groups")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var all = await groups.ListAsync(request.Hub, cancellationToken);
        return ApiResponse.Json(new ListOf<ConsumerGroupJson>([.. all.Select(ConsumerGroupJson.From)]), OperatorJson.Types.ConsumerGroups);
    }
}
