using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Transport;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Provisioning.DeviceDoor;

/// <summary>The device API over HTTPS.</summary>
/// <remarks>Source: dps §2 of the wire reference. The api-version is not looked at: clients of every age speak the same shapes here.</remarks>
internal sealed class DeviceApi(DeviceRegistrations registrations, ProvisioningOptions options)
{
    internal async Task<HubError?> RunAsync(HttpContext http, RegistrationTarget target)
    {
        var caller = new DeviceCaller("https", http.Connection.RemoteIpAddress, http.Request.Headers.Authorization.ToString(), http.PeerCertificate(), http.MarkConnectionAuthenticated) { Client = http.Traits() };
        var answer = await registrations.RunAsync(target, caller, isProved => ReadBodyAsync(http, target, isProved), http.RequestAborted);
        if (!answer.IsOk)
        {
            return answer.Error;
        }

        await WriteAsync(http, target, answer.Value);
        return null;
    }

    // Node sends {} with a poll: bodies of GET say nothing.
    private async Task<Result<RegistrationBody?>> ReadBodyAsync(HttpContext http, RegistrationTarget target, bool isProved) => target.Row == Operations.GetOperationStatus
        ? (RegistrationBody?)null
        : await JsonBody.ReadAsync(http.Request, ProvisioningJson.Types.RegistrationBody, isProved ? options.MaxDeviceBodyBytes : Math.Min(options.MaxUnprovedBodyBytes, options.MaxDeviceBodyBytes), http.RequestAborted);

    private Task WriteAsync(HttpContext http, RegistrationTarget target, DeviceAnswer answer)
    {
        var body = answer.Encode();
        http.Response.ContentType = ProvisioningJson.ContentType;
        http.Response.ContentLength = body.Length;
        http.Response.StatusCode = answer.Status;
        if (answer.IsPending)
        {
            http.Response.Headers.RetryAfter = ErrorAnswer.Seconds(options.RetryAfter);
            http.Response.Headers.Location = $"https://{http.Request.Host.Value}/{target.IdScope}/registrations/{Uri.EscapeDataString(target.RegistrationId)}/operations/{answer.Operation!.OperationId}";
        }

        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}
