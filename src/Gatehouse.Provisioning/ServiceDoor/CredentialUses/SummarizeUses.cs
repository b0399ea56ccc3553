using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.UseTracking;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialUses;

/// <summary><c>GET /credentialUses?since=…</c>: the service's credentials with the number of their users.</summary>
internal sealed class SummarizeUses(ProvisioningUsage usage) : ServiceOperation(Operations.ReadProvisioningCredentialUses, "GET", "credentialUses")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var since = UseQuery.Since(request);
        return since.IsOk
            ? ServiceAnswer.Json(await usage.SummarizeAsync(request.Service, since.Value, UseQuery.MaySeePolicies(request), cancellationToken), ProvisioningJson.Own.UseSummaryDocument)
            : since.Error;
    }
}
