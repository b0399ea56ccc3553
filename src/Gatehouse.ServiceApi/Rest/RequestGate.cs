using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Throttling;
using Gatehouse.Identity;
using Gatehouse.ServiceApi.Rest.Methods;
using Gatehouse.Transport;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest;

/// <summary>Says who calls and whether it may: token, then the row of the operation, then the throttle. Refusals go to the refusal log with the reason.</summary>
internal sealed class RequestGate(PolicyAuthenticator authenticator, IRefusalLog refusals, Throttles throttles, ICredentialUses uses, ServiceApiOptions options)
{
    private const int MaxClaimedCharacters = 257;

    internal async Task<Result<Principal>> PassAsync(HttpContext http, RequestTarget target, ApiOperation operation)
    {
        var row = operation.Row;
        var verdict = await authenticator.AuthenticateAsync(http.Request.Host.Value ?? "", target.Path, http.Request.Headers.Authorization.ToString(), http.RequestAborted, http.Connection.RemoteIpAddress);
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

        // Known from here on: what holds a request back holds no place among strangers.
        http.MarkConnectionAuthenticated();
        uses.Used(principal, http.Traits());
        return operation.IsThrottledByRequest && await throttles.PassAsync(principal.Hub, row, CostOf(http.Request, row), http.RequestAborted) is { } throttled ? throttled : principal;
    }

    // Source: IoT Hub "Quotas and throttling" page, 4 KB meter of direct methods. What comes without a length pays when it is read;
    // a length is what the caller says, and what is too large is never read.
    private int CostOf(HttpRequest request, Operation row) =>
        row.Throttle == ThrottleClass.DirectMethods && request.ContentLength is { } length && length <= options.MaxBodyBytes ? MethodMeter.Units(length) : 1;

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
