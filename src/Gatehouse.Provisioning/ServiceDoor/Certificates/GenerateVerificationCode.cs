using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

/// <summary><c>POST /certificates/{name}/generateVerificationCode</c>, with If-Match</summary>
internal sealed class GenerateVerificationCode(CaCertificates certificates) : ServiceOperation(Operations.GenerateProvisioningVerificationCode, "POST", "certificates/{id}/generateVerificationCode")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var coded = await certificates.GenerateCodeAsync(request.Service, request.Actor, request.Id, ifMatch.Value, cancellationToken);
        return coded.IsOk ? CertificateAnswer.Of(coded.Value, withCode: true) : coded.Error;
    }
}
