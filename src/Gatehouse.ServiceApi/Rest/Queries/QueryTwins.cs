using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.ServiceApi.Rest.Queries;

/// <summary><c>POST /devices/query</c></summary>
internal sealed class QueryTwins(Hub.Queries.Queries queries) : ApiOperation(Operations.QueryTwins, "POST", "devices/query")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(QueryJson.Shapes.QueryBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.Query is not { } text)
        {
            return HubErrors.ArgumentNull.With("The query is missing.");
        }

        var paging = Paging.Read(request);
        if (!paging.IsOk)
        {
            return paging.Error;
        }

        var page = await queries.RunAsync(request.Hub, text, paging.Value.Items, paging.Value.Continuation, cancellationToken);
        return page.IsOk ? new PageAnswer(page.Value) : page.Error;
    }
}
