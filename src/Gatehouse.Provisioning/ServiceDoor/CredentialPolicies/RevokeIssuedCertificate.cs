using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

/// <summary><c>POST /issuedCertificates/{serialNumber}/revoke</c> with or without <c>{"reason":"keyCompromise"}</c>: final, and once; a second time only tells the linked hubs again.</summary>
internal sealed class RevokeIssuedCertificate(IssuedCertificates inventory) : ServiceOperation(Operations.RevokeIssuedCertificate, "POST", "issuedCertificates/{id}/revoke")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadOptionalAsync(ProvisioningJson.Types.RevocationBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var revoked = await inventory.RevokeAsync(request.Service, request.Actor, request.Id, body.Value?.Reason, cancellationToken);
        return revoked.IsOk ? ServiceAnswer.Json(revoked.Value, ProvisioningJson.Own.IssuedCertificateDocument) : revoked.Error;
    }
}
