using System.Globalization;
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

        int? items = null;
        if (request.Http.Request.Headers["x-ms-max-item-count"].ToString() is { Length: > 0 } header)
        {
            // The Node SDK writes 0 or less for "as many as you like".
            if (!long.TryParse(header, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var wanted))
            {
                return HubErrors.ArgumentInvalid.With("x-ms-max-item-count must be a whole number.");
            }

            items = wanted < 1 ? null : (int)Math.Min(wanted, Hub.Queries.Queries.MaxPageItems);
        }

        var continuation = request.Http.Request.Headers["x-ms-continuation"].ToString();
        var page = await queries.RunAsync(request.Hub, text, items, continuation.Length == 0 ? null : continuation, cancellationToken);
        return page.IsOk ? new PageAnswer(page.Value) : page.Error;
    }
}
