using System.Globalization;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary><c>GET /configurations?top=n</c></summary>
internal sealed class ListConfigurations(Hub.Configurations.Configurations configurations) : ApiOperation(Operations.ListConfigurations, "GET", "configurations")
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

            top = wanted is >= 1 and <= int.MaxValue ? (int)wanted : null;
        }

        return ConfigurationDocument.Answer(await configurations.ListAsync(request.Hub, top, cancellationToken));
    }
}
