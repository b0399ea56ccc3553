using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary><c>DELETE /gatehouse/v1/consumer-groups/{name}</c>; its readers end.</summary>
internal sealed class DeleteConsumerGroup(ConsumerGroups groups) : ApiOperation(Operations.ManageConsumerGroups, "DELETE", "gatehouse/v1/consumer-groups/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var deleted = await groups.DeleteAsync(request.Hub, request.Segment("name"), request.Actor, cancellationToken);
        return deleted.IsOk ? ApiResponse.NoContent : deleted.Error;
    }
}
