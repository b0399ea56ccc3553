using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Certificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Certificates;

/// <summary><c>PUT /gatehouse/v1/certificates/{name}</c> with <c>{"properties":{"certificate":"…","isVerified":false}}</c></summary>
internal sealed class PutCertificate(CaCertificates certificates) : ApiOperation(Operations.ManageCertificates, "PUT", "gatehouse/v1/certificates/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.CertificateBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.Properties is not { } properties)
        {
            return HubErrors.ArgumentNull.With("The body has no properties.");
        }

        var upload = new CertificateUpload(properties.Certificate, properties.IsVerified);
        var saved = await certificates.PutAsync(request.Hub, request.Segment("name"), upload, ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk ? CertificateJson.Answer(saved.Value.Value, saved.Value.IsNew) : saved.Error;
    }
}
