using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Twins;

namespace Gatehouse.ServiceApi.Rest.DigitalTwins;

/// <summary><c>GET /digitaltwins/{deviceId}</c></summary>
internal sealed class GetDigitalTwin(Twins twins) : ApiOperation(Operations.GetDigitalTwin, "GET", "digitaltwins/{deviceId}")
{
    private static readonly JsonSerializerOptions Options = ApiJson.NewOptions();

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var device = request.DeviceId();
        if (!device.IsOk)
        {
            return device.Error;
        }

        var twin = await twins.GetAsync(request.Hub, new IdentityKey(device.Value), cancellationToken);
        return twin.IsOk ? ApiResponse.Raw(Encoding.UTF8.GetBytes(DigitalTwin.Show(twin.Value).ToJsonString(Options)), twin.Value.ETag) : twin.Error;
    }
}
