using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.ServerCertificates;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.ServerCertificates;

/// <summary><c>POST /gatehouse/v1/server-certificate/{change}</c>: <c>canary</c>, <c>switch</c>, <c>rollback</c>, <c>retire</c> or <c>discard</c>.</summary>
internal sealed class ChangeServerCertificate(ServerCertificateChanges changes) : ApiOperation(Operations.ManageServerCertificate, "POST", "gatehouse/v1/server-certificate/{change}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var changed = request.Segment("change") switch
        {
            "canary" => await ShowAsync(request, (body, hub) => changes.CanaryAsync(hub, body.Percent ?? 10, body.RollBackAtPercent ?? ChangeBody.RollBackAt, request.Actor, cancellationToken), cancellationToken),
            "switch" => await ShowAsync(
                request, (body, hub) => changes.SwitchAsync(hub, body.RollBackAtPercent ?? ChangeBody.RollBackAt, TimeSpan.FromSeconds(Math.Clamp(body.WatchSeconds ?? ChangeBody.Watch, 0, int.MaxValue)), request.Actor, cancellationToken), cancellationToken),
            "rollback" => await changes.RollBackAsync(request.Hub, request.Actor, cancellationToken),
            "retire" => await changes.RetireAsync(request.Hub, request.Actor, cancellationToken),
            "discard" => await changes.DiscardAsync(request.Hub, request.Actor, cancellationToken),
            _ => HubErrors.ArgumentInvalid.With("A server certificate is changed by stage, canary, switch, rollback, retire and discard."),
        };
        return changed.IsOk ? ApiResponse.Json(changed.Value, OperatorJson.Types.ServerCertificateState) : changed.Error;
    }

    private static async Task<Result<ServerCertificateState>> ShowAsync(ApiRequest request, Func<ChangeBody, Contracts.Identities.HubName, Task<Result<ServerCertificateState>>> show, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(OperatorJson.Types.ChangeBody, cancellationToken);
        return body.IsOk ? await show(body.Value, request.Hub) : body.Error;
    }
}

/// <param name="Percent">Of a canary; 10 where it is missing.</param>
/// <param name="RollBackAtPercent">See <see cref="IServerCertificates.Switch"/>.</param>
/// <param name="WatchSeconds">How long failures take it back.</param>
internal sealed record ChangeBody(int? Percent, int? RollBackAtPercent, long? WatchSeconds)
{
    internal const int RollBackAt = 10;

    /// <summary>A day: who holds an SAS token of an hour has come again by then.</summary>
    internal const long Watch = 86_400;
}
