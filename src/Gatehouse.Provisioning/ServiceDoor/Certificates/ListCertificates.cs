using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

/// <summary><c>GET /certificates</c></summary>
internal sealed class ListCertificates(CaCertificates certificates) : ServiceOperation(Operations.ListProvisioningCertificates, "GET", "certificates")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var all = await certificates.ListAsync(request.Service, cancellationToken);
        return ServiceAnswer.Json(new CaCertificateList([.. all.Select(row => CaCertificateDocument.Of(row))]), ProvisioningJson.Own.CaCertificateList);
    }
}
