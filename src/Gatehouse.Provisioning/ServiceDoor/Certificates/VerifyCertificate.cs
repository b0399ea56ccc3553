using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

/// <summary><c>POST /certificates/{name}/verify</c> with <c>{"certificate":"…"}</c> and If-Match: the proof of possession.</summary>
internal sealed class VerifyCertificate(CaCertificates certificates) : ServiceOperation(Operations.VerifyProvisioningCertificate, "POST", "certificates/{id}/verify")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadAsync(ProvisioningJson.Types.CaProofBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var verified = await certificates.VerifyAsync(request.Service, request.Actor, request.Id, body.Value.Certificate, ifMatch.Value, cancellationToken);
        return verified.IsOk ? CertificateAnswer.Of(verified.Value) : verified.Error;
    }
}
