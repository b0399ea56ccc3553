using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.UseTracking;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialUses;

/// <summary><c>GET /credentialUses/users?credential=enrollment-group/g/primaryKey&amp;since=…&amp;after=…&amp;max=100</c>: who used a credential.</summary>
internal sealed class FindUsers(ProvisioningUsage usage) : ServiceOperation(Operations.ReadProvisioningCredentialUses, "GET", "credentialUses/users")
{
    internal override async Task<ServiceAnswer> RunAsync(ServiceRequest request, CancellationToken cancellationToken)
    {
        var (credential, since, after, max) = (ProvisioningCredential.Parse(request.Query("credential")), UseQuery.Since(request), UseQuery.After(request), UseQuery.Max(request));
        if (!credential.IsOk || !since.IsOk || !after.IsOk || !max.IsOk)
        {
            return credential.Error ?? since.Error ?? after.Error ?? max.Error!;
        }

        if (credential.Value.Kind == OwnerKind.Policy && !UseQuery.MaySeePolicies(request))
        {
            return ProvisioningErrors.Unauthorized.With("Policies are shown to who holds ServiceConfig.");
        }

        var users = await usage.FindAsync(request.Service, credential.Value, since.Value, after.Value, max.Value, cancellationToken);
        return users.IsOk ? ServiceAnswer.Json(users.Value, ProvisioningJson.Own.UsersDocument) : users.Error;
    }
}
