using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Errors;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Inventory;

/// <summary><c>POST /gatehouse/v1/certificate-alarms/{alarm}/acknowledge</c>: closes one, or with <c>all</c> those that are open now.</summary>
internal sealed class AcknowledgeAlarm(ICertificateAlarms alarms) : ApiOperation(Operations.AcknowledgeCertificateAlarm, "POST", "gatehouse/v1/certificate-alarms/{alarm}/acknowledge")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken) =>
        await alarms.AcknowledgeAsync(request.Hub, request.Segment("alarm"), request.Actor, cancellationToken) is { } done
            ? ApiResponse.Json(done, OperatorJson.Types.AcknowledgedAlarms)
            : HubErrors.GenericNotFound.With("There is no alarm of this id: 'gatehouse certificate alarms' lists them.");
}
