using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Files;

/// <summary><c>GET /gatehouse/v1/files?device=&amp;after=&amp;max=</c>: files of the embedded endpoint, in the order of their names.</summary>
internal sealed class ListFiles(UploadedFiles files) : ApiOperation(Operations.ReadFiles, "GET", "gatehouse/v1/files")
{
    private const int DefaultMax = 100;
    private const int LargestMax = 1000;

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var max = DefaultMax;
        if (request.Query("max") is { } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out max) && max is >= 1 and <= LargestMax))
        {
            return HubErrors.ArgumentInvalid.With($"max must be 1 to {LargestMax}.");
        }

        DeviceId? device = null;
        if (request.Query("device") is { } name)
        {
            if (!DeviceId.TryParse(name, out var id))
            {
                return HubErrors.ArgumentInvalid.With("device must be the id of a device.");
            }

            device = id;
        }

        var found = await files.ListAsync(request.Hub, device, request.Query("after"), max, cancellationToken);
        return ApiResponse.Json(new ListOf<FileJson>([.. found.Select(FileJson.From)]), OperatorJson.Types.Files);
    }
}
