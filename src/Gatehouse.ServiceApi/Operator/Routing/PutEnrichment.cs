using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>PUT /gatehouse/v1/routing/enrichments/{key}</c>: creates or replaces.</summary>
internal sealed class PutEnrichment(RoutingDefinitions routing) : ApiOperation(Operations.ManageRouting, "PUT", "gatehouse/v1/routing/enrichments/{key}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.EnrichmentBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var given = body.Value.ToEnrichment(request.Segment("key"));
        var saved = await routing.PutEnrichmentAsync(request.Hub, given, ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk
            ? ApiResponse.Json(saved.Value.Value, OperatorJson.Types.MessageEnrichment, status: saved.Value.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : saved.Error;
    }
}
