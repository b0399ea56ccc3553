using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary><c>GET /devices?top=n</c></summary>
internal sealed class ListDevices(IdentityRegistry registry) : ApiOperation(Operations.ListDevices, "GET", "devices")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        int? top = null;
        if (request.Query("top") is { Length: > 0 } text)
        {
            if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var wanted))
            {
                return HubErrors.ArgumentInvalid.With("top must be a whole number.");
            }

            // Observed: out of range behaves as the largest.
            top = wanted is >= 1 and <= int.MaxValue ? (int)wanted : null;
        }

        var found = await registry.ListDevicesAsync(request.Hub, top, cancellationToken);
        return ApiResponse.Json([.. found.Select(DeviceDocument.Of)], RegistryJson.Shapes.IReadOnlyListDeviceDocument);
    }
}
