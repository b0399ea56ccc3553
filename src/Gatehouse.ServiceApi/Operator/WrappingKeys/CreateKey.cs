using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary><c>POST /gatehouse/v1/keys</c> with <c>{"key":address}</c>: makes a wrapping key without using it; with <c>"use":"signing"</c> and a <c>type</c> a signing key.</summary>
internal sealed class CreateKey(ServerKeys keys) : ApiOperation(Operations.ManageKeys, "POST", "gatehouse/v1/keys")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.CreateKeyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        switch (body.Value)
        {
            case { Use: null or "wrapping", Type: null }:
                var wrapping = await keys.CreateAsync(request.Hub, body.Value.Key, request.Actor, cancellationToken);
                return wrapping.IsOk ? ApiResponse.Json(wrapping.Value, OperatorJson.Types.StoredKeyView, status: StatusCodes.Status201Created) : wrapping.Error;
            case { Use: "signing" }:
                var signing = await keys.CreateSigningAsync(request.Hub, body.Value.Key, body.Value.Type, request.Actor, cancellationToken);
                return signing.IsOk ? ApiResponse.Json(signing.Value, OperatorJson.Types.SigningKeyView, status: StatusCodes.Status201Created) : signing.Error;
            default:
                return HubErrors.ArgumentInvalid.With("The use must be wrapping, or signing with a type.");
        }
    }
}
