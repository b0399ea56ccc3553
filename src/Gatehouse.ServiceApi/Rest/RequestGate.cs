using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Identity;
using Gatehouse.Transport;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Says who calls and whether it may: token, then the row of the operation, then the throttle. Refusals go to the refusal log with the reason.</summary>
internal sealed class RequestGate(PolicyAuthenticator authenticator, IRefusalLog refusals, ServiceThrottle throttle)
{
    private const int MaxClaimedCharacters = 257;

    internal async Task<Result<Principal>> PassAsync(HttpContext http, RequestTarget target, Operation row)
    {
        var verdict = await authenticator.AuthenticateAsync(http.Request.Host.Value ?? "", target.Path, http.Request.Headers.Authorization.ToString(), http.RequestAborted);
        if (verdict is Verdict.Refused refused)
        {
            Report(http, refused.Hub, refused.Claimed is { Length: > MaxClaimedCharacters } claimed ? claimed[..MaxClaimedCharacters] : refused.Claimed, refused.Reason, refused.Error, $"{refused.Detail} ({row.Name})");
            return refused.Error;
        }

        var principal = ((Verdict.Accepted)verdict).Principal;
        if (!row.IsAllowed(principal.Rights))
        {
            var error = HubErrors.IotHubUnauthorizedAccess;
            Report(http, principal.Hub.Value, principal.PolicyName, RefusalReason.PolicyLacksRight, error, $"Policy '{principal.PolicyName}' holds {principal.Rights}; {row.Name} needs {string.Join(" or ", row.AnyOf)}.");
            return error;
        }

        if (throttle.TryTake(principal.Hub, row) is { } throttled)
        {
            return throttled;
        }

        http.MarkConnectionAuthenticated();
        return principal;
    }

    private void Report(HttpContext http, string? hub, string? claimed, RefusalReason reason, HubError error, string detail) => refusals.Report(new Refusal
    {
        Hub = hub,
        Claimed = claimed,
        Reason = reason,
        Error = error,
        Detail = detail,
        Protocol = "https",
        RemoteAddress = http.Connection.RemoteIpAddress?.ToString(),
    });
}
