using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

/// <summary><c>PUT /certificates/{name}</c> with <c>{"properties":{"certificate":"…","isVerified":false}}</c>: creates without If-Match, replaces with it.</summary>
internal sealed class PutCertificate(CaCertificates certificates) : ServiceOperation(Operations.CreateOrUpdateProvisioningCertificate, "PUT", "certificates/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.CaCertificateBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var (certificate, isVerified) = body.Value.Properties is { } properties ? (properties.Certificate, properties.IsVerified) : (body.Value.Certificate, body.Value.IsVerified);
        var saved = await certificates.PutAsync(request.Service, request.Actor, request.Id, certificate, isVerified, ifMatch.Value, cancellationToken);
        return saved.IsOk ? CertificateAnswer.Of(saved.Value) : saved.Error;
    }
}
