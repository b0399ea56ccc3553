using Gatehouse.Contracts.Access;
using Gatehouse.Hub.ServerCertificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.ServerCertificates;

/// <summary><c>GET /gatehouse/v1/server-certificate</c>: what this node shows, the change that is under way, and the roots that clients must trust.</summary>
internal sealed class GetServerCertificate(ServerCertificateChanges changes) : ApiOperation(Operations.ManageServerCertificate, "GET", "gatehouse/v1/server-certificate")
{
    internal override Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(ApiResponse.Json(changes.Read(), OperatorJson.Types.ServerCertificateState));
}
