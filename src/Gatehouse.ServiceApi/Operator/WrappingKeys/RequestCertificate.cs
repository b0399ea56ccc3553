using Gatehouse.Contracts.Access;
using Gatehouse.Hub.WrappingKeys;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.WrappingKeys;

/// <summary><c>POST /gatehouse/v1/keys/request</c> with <c>{"key":address,"subject":name}</c>: a CSR of a signing key, for an outside CA to make it an intermediate.</summary>
internal sealed class RequestCertificate(ServerKeys keys) : ApiOperation(Operations.ManageKeys, "POST", "gatehouse/v1/keys/request")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.KeyRequestBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var signed = await keys.RequestAsync(request.Hub, body.Value.Key, body.Value.Subject, request.Actor, cancellationToken);
        return signed.IsOk ? ApiResponse.Json(signed.Value, OperatorJson.Types.SigningKeyView) : signed.Error;
    }
}
