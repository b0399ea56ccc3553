using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.DigitalTwins;

/// <summary><c>PATCH /digitaltwins/{deviceId}</c>: a JSON Patch that becomes a write of desired properties; 202.</summary>
internal sealed class UpdateDigitalTwin(Twins twins) : ApiOperation(Operations.UpdateDigitalTwin, "PATCH", "digitaltwins/{deviceId}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        var ifMatch = request.IfMatch();
        if (!device.IsOk || !ifMatch.IsOk)
        {
            return device.Error ?? ifMatch.Error!;
        }

        var body = await request.ReadBytesAsync(cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.IsEmpty)
        {
            return HubErrors.ArgumentNull.With("The body is empty.");
        }

        var update = DigitalTwin.ReadPatch(body.Value.Span);
        if (!update.IsOk)
        {
            return update.Error;
        }

        var written = await twins.UpdateAsync(request.Hub, request.Actor, new IdentityKey(device.Value), update.Value, ifMatch.Value, cancellationToken);
        return written.IsOk ? new Accepted(written.Value) : written.Error;
    }

    private sealed class Accepted(Twin twin) : ApiResponse
    {
        internal override Task WriteAsync(HttpContext http)
        {
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            http.Response.Headers.ETag = $"\"{twin.ETag}\"";
            http.Response.Headers.Location = $"/digitaltwins/{Uri.EscapeDataString(twin.Key.Device.Value)}";
            return Task.CompletedTask;
        }
    }
}
