using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

/// <summary><c>GET /issuedCertificates</c>, by <c>registrationId</c>, <c>credentialPolicyName</c> or <c>expiresBefore</c>, page by page.</summary>
internal sealed class ListIssuedCertificates(IssuedCertificates inventory) : ServiceOperation(Operations.ListIssuedCertificates, "GET", "issuedCertificates")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var size = request.PageSize();
        var after = request.After();
        if (!size.IsOk || !after.IsOk)
        {
            return size.Error ?? after.Error!;
        }

        var page = await inventory.ListAsync(
            request.Service, request.Query("registrationId"), request.Query("credentialPolicyName"), request.Query("expiresBefore"), after.Value, size.Value, cancellationToken);
        return page.IsOk ? ServiceAnswer.Page(page.Value.Items, ProvisioningJson.Own.IssuedCertificateList, "issuedCertificate", page.Value.Last) : page.Error;
    }
}
