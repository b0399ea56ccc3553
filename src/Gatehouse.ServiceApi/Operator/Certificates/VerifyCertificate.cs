using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary><c>POST /gatehouse/v1/certificates/{name}/verify</c> with <c>{"certificate":"…"}</c>: the proof of possession.</summary>
internal sealed class VerifyCertificate(CaCertificates certificates) : ApiOperation(Operations.ManageCertificates, "POST", "gatehouse/v1/certificates/{name}/verify")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.ProofBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var verified = await certificates.VerifyAsync(request.Hub, request.Segment("name"), body.Value.Certificate, ifMatch.Value, request.Actor, cancellationToken);
        return verified.IsOk ? CertificateJson.Answer(verified.Value) : verified.Error;
    }
}
