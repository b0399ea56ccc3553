using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

/// <summary><c>DELETE /certificates/{name}</c>, with If-Match; not while a group names it.</summary>
internal sealed class DeleteCertificate(CaCertificates certificates) : ServiceOperation(Operations.DeleteProvisioningCertificate, "DELETE", "certificates/{id}")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var deleted = await certificates.DeleteAsync(request.Service, request.Actor, request.Id, ifMatch.Value, cancellationToken);
        return deleted.IsOk ? ServiceAnswer.NoContent : deleted.Error;
    }
}
