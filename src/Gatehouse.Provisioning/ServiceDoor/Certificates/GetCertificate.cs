using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

/// <summary><c>GET /certificates/{name}</c></summary>
internal sealed class GetCertificate(CaCertificates certificates) : ServiceOperation(Operations.GetProvisioningCertificate, "GET", "certificates/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var found = await certificates.FindAsync(request.Service, request.Id, cancellationToken);
        return found.IsOk ? CertificateAnswer.Of(found.Value) : found.Error;
    }
}
