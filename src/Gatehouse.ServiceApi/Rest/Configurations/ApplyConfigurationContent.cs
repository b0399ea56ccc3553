using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Configurations;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary><c>POST /devices/{deviceId}/applyConfigurationContent</c></summary>
internal sealed class ApplyConfigurationContent(ContentApplication application) : ApiOperation(Operations.ApplyConfigurationContent, "POST", "devices/{deviceId}/applyConfigurationContent")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
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

        var applied = await application.ApplyAsync(request.Hub, request.Actor, device.Value, body.Value, cancellationToken);
        return applied.IsOk ? ApiResponse.NoContent : applied.Error;
    }
}
