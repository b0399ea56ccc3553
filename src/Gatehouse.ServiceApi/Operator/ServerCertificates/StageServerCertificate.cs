using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.ServerCertificates;
using Gatehouse.Hub.UseTracking;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.ServerCertificates;

/// <summary><c>POST /gatehouse/v1/server-certificate/stage?drill=true</c>: checks what is to be shown next, and keeps it; a drill only tells.</summary>
internal sealed class StageServerCertificate(ServerCertificateChanges changes) : ApiOperation(Operations.ManageServerCertificate, "POST", "gatehouse/v1/server-certificate/stage")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("drill") is not (null or "true" or "false"))
        {
            return HubErrors.ArgumentInvalid.With("drill must be true or false.");
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.StageBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var staged = await changes.StageAsync(request.Hub, body.Value.ToNext(), request.Query("drill") == "true", request.Actor, cancellationToken);
        return staged.IsOk ? ApiResponse.Json(new StagedJson(staged.Value.State, staged.Value.Concerned), OperatorJson.Types.StagedJson) : staged.Error;
    }
}

/// <param name="Certificate">The chain in PEM, leaf first.</param>
/// <param name="PrivateKey">Its key, PEM without a password.</param>
/// <param name="Root">What clients trust for it, PEM.</param>
/// <param name="NewRoot">Instead: a new root of the server's own.</param>
/// <param name="Files">Instead: back to the files of the server.</param>
internal sealed record StageBody(string? Certificate, string? PrivateKey, string? Root, bool NewRoot, bool Files)
{
    public override string ToString() => "server certificate ***";

    internal NextCertificate ToNext() => new() { Chain = Certificate, PrivateKey = PrivateKey, Root = Root, IsNewRoot = NewRoot, IsFromFiles = Files };
}

/// <param name="State">As it is now.</param>
/// <param name="Concerned">When the root changes, who stands under the present one, as the radar counts.</param>
internal sealed record StagedJson(ServerCertificateState State, RadarCounts? Concerned);
