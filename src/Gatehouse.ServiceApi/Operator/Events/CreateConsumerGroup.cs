using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Events;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Events;

/// <summary><c>PUT /gatehouse/v1/consumer-groups/{name}</c>, without a body</summary>
internal sealed class CreateConsumerGroup(ConsumerGroups groups) : ApiOperation(Operations.ManageConsumerGroups, "PUT", "gatehouse/v1/consumer-groups/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var saved = await groups.CreateAsync(request.Hub, request.Segment("name"), request.Actor, cancellationToken);
        return saved.IsOk
            ? ApiResponse.Json(
                ConsumerGroupJson.From(saved.Value.Value),
                OperatorJson.Types.ConsumerGroupJson,
                status: saved.Value.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : saved.Error;
    }
}
