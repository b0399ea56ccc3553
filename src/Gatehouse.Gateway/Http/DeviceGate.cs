using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Identity;
using Gatehouse.Transport;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Gateway.Http;

/// <summary>Says which device asks, and whether it may: the Authorization header, else the certificate of the TLS handshake. Refusals go to the refusal log with the reason.</summary>
/// <remarks>The last proof of a connection stands for its next requests until it ends, anything that it may rest on has changed, or a while has passed.</remarks>
internal sealed class DeviceGate(GatewayParts parts)
{
    private static readonly object RememberedKey = new();

    internal async ValueTask<Result<DeviceCaller>> PassAsync(HttpContext http, DeviceId device, Operation row)
    {
        var host = http.Request.Host.Value ?? "";
        var authorization = http.Request.Headers.Authorization.ToString();
        var caller = Remembered(http, host, authorization, device);
        if (caller is null)
        {
            var judged = await JudgeAsync(http, host, authorization, new IdentityKey(device));
            if (!judged.IsOk)
            {
                return judged;
            }

            caller = judged.Value;
        }

        return row.IsAllowed(caller.Principal.Rights)
            ? caller
            : Refuse(http, caller.Principal.Hub.Value, device, caller.Principal.PolicyName is null ? RefusalReason.TokenScopeWrong : RefusalReason.PolicyLacksRight, HubErrors.IotHubUnauthorizedAccess, $"The credential holds {caller.Principal.Rights}; {row.Name} needs {string.Join(" or ", row.AnyOf)}.");
    }

    /// <summary>A known device was refused something else.</summary>
    internal void Report(HttpContext http, DeviceCaller caller, Operation row, HubError error)
    {
        var reason = error.HttpStatus == StatusCodes.Status429TooManyRequests ? RefusalReason.Throttled : RefusalReason.ProtocolViolation;
        Refuse(http, caller.Principal.Hub.Value, caller.Principal.Identity!.Value.Device, reason, error, $"{row.Name}: {error.Message}");
    }

    private DeviceCaller? Remembered(HttpContext http, string host, string authorization, DeviceId device) =>
        http.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(RememberedKey, out var found) == true
        && found is DeviceCaller caller
        && caller.IsSame(host, authorization, device)
        && caller.Changes == parts.Sessions.Changes
        && caller.Until > parts.Time.GetUtcNow()
            ? caller
            : null;

    private async ValueTask<Result<DeviceCaller>> JudgeAsync(HttpContext http, string host, string authorization, IdentityKey identity)
    {
        // Before the judgement: what changes meanwhile has the next request judged again.
        var changes = parts.Sessions.Changes;
        var certificate = http.PeerCertificate();
        var login = new DeviceLogin(host, identity, authorization, certificate) { RemoteAddress = http.Connection.RemoteIpAddress };
        var verdict = await parts.Authenticator.AuthenticateAsync(login, http.RequestAborted);
        if (verdict is Verdict.Refused refused)
        {
            parts.Metrics.Refused();
            return Refuse(http, parts.Credentials.FindHub(host)?.Name.Value, identity.Device, refused.Reason, refused.Error, refused.Detail);
        }

        var principal = ((Verdict.Accepted)verdict).Principal;
        var until = parts.Time.GetUtcNow() + parts.Options.HttpProofLife;
        until = principal.ExpiresAt < until ? principal.ExpiresAt.Value : until;
        var caller = new DeviceCaller(host, authorization, principal, await parts.Telemetry.OpenAsync(principal.Hub, identity, http.RequestAborted)) { Changes = changes, Until = until };
        Remember(http, caller);
        parts.Uses.Used(principal, http.Traits());
        parts.Uses.Shown(principal, certificate);

        http.MarkConnectionAuthenticated();
        return caller;
    }

    // One after the other at most holds its share of the hub's limits; a connection is the most that a caller outlives its request.
    private static void Remember(HttpContext http, DeviceCaller caller)
    {
        if (http.Features.Get<IConnectionItemsFeature>() is not { } connection || http.Features.Get<IConnectionLifetimeFeature>() is not { } lifetime)
        {
            http.Response.RegisterForDispose(caller.Telemetry);
            return;
        }

        caller.LeaveWith(lifetime.ConnectionClosed);
        lock (connection)
        {
            (connection.Items.TryGetValue(RememberedKey, out var before) ? before as DeviceCaller : null)?.Leave();
            connection.Items[RememberedKey] = caller;
        }
    }

    private HubError Refuse(HttpContext http, string? hub, DeviceId device, RefusalReason reason, HubError error, string detail)
    {
        parts.Refusals.Report(new Refusal
        {
            Hub = hub,
            Claimed = device.Value,
            Reason = reason,
            Error = error,
            Detail = detail,
            Protocol = "https",
            RemoteAddress = http.Connection.RemoteIpAddress?.ToString(),
        });
        return error;
    }
}
