using Gatehouse.Contracts.Access;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary><c>POST /gatehouse/v1/keys</c> with <c>{"key":address}</c>: makes a wrapping key without using it.</summary>
internal sealed class CreateKey(ServerKeys keys) : ApiOperation(Operations.ManageKeys, "POST", "gatehouse/v1/keys")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.KeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var made = await keys.CreateAsync(request.Hub, body.Value.Key, request.Actor, cancellationToken);
        return made.IsOk ? ApiResponse.Json(made.Value, OperatorJson.Types.WrappingKeyView, status: StatusCodes.Status201Created) : made.Error;
    }
}
