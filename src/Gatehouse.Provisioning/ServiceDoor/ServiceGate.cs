using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Transport;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.ServiceDoor;

/// <summary>Says who calls the service API and whether it may: the token of a policy, then the row of the operation.</summary>
internal sealed class ServiceGate(PolicyAuthenticator authenticator, ProvisioningUses uses, IRefusalLog refusals)
{
    private const int MaxClaimedCharacters = 257;

    internal async Task<Result<Principal>> PassAsync(HttpContext http, string path, Operation row)
    {
        var verdict = await authenticator.AuthenticateAsync(http.Request.Host.Value ?? "", path, http.Request.Headers.Authorization.ToString(), http.RequestAborted, http.Connection.RemoteIpAddress);
        if (verdict is Verdict.Refused refused)
        {
            var claimed = refused.Claimed is { Length: > MaxClaimedCharacters } text ? text[..MaxClaimedCharacters] : refused.Claimed;
            return Report(http, refused.Hub, claimed, refused.Reason, $"{refused.Detail} ({row.Name})");
        }

        var principal = ((Verdict.Accepted)verdict).Principal;
        uses.Used(principal, http.Traits());
        if (!row.IsAllowed(principal.Rights))
        {
            return Report(http, principal.Hub.Value, principal.PolicyName, RefusalReason.PolicyLacksRight, $"Policy '{principal.PolicyName}' holds {principal.Rights}; {row.Name} needs {string.Join(" or ", row.AnyOf)}.");
        }

        http.MarkConnectionAuthenticated();
        return principal;
    }

    // Refusals look alike from outside.
    private HubError Report(HttpContext http, string? service, string? claimed, RefusalReason reason, string detail)
    {
        refusals.Report(new Refusal
        {
            Hub = service,
            Claimed = claimed,
            Reason = reason,
            Error = ProvisioningErrors.Unauthorized,
            Detail = detail,
            Protocol = "https",
            RemoteAddress = http.Connection.RemoteIpAddress?.ToString(),
        });
        return ProvisioningErrors.Unauthorized;
    }
}
