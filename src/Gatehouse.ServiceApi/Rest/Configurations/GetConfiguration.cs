using Gatehouse.Contracts.Access;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary><c>GET /configurations/{id}</c></summary>
internal sealed class GetConfiguration(Hub.Configurations.Configurations configurations) : ApiOperation(Operations.GetConfiguration, "GET", "configurations/{id}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await configurations.GetAsync(request.Hub, request.Segment("id"), cancellationToken);
        return found.IsOk ? ConfigurationDocument.Answer(found.Value) : found.Error;
    }
}
