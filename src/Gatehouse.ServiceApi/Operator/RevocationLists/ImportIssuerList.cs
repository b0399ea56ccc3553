using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Revoking;
using Gatehouse.ServiceApi.Rest;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.ServiceApi.Operator.RevocationLists;

/// <summary><c>POST /gatehouse/v1/revocation-lists?ca=plant-7&amp;whole=true&amp;drill=true</c> with the list itself, DER or PEM.</summary>
internal sealed class ImportIssuerList(IssuerLists lists) : ApiOperation(Operations.ManageRevocations, "POST", "gatehouse/v1/revocation-lists")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["drill", "whole"])
        {
            if (request.Query(name) is not (null or "true" or "false"))
            {
                return HubErrors.ArgumentInvalid.With($"{name} must be true or false.");
            }
        }

        // Lists are longer than other bodies; they have a bound of their own.
        if (request.Http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = lists.MaxContentBytes;
        }

        var content = await JsonBody.ReadBytesAsync(request.Http.Request, lists.MaxContentBytes, cancellationToken);
        if (!content.IsOk)
        {
            return content.Error;
        }

        var how = new IssuerListImport(request.Query("ca"), request.Query("whole") == "true");
        var isDrill = request.Query("drill") == "true";
        var effect = isDrill
            ? await lists.RehearseAsync(request.Hub, content.Value, how, request.Actor, cancellationToken)
            : await lists.ImportAsync(request.Hub, content.Value, how, request.Actor, cancellationToken);
        return effect.IsOk
            ? ApiResponse.Json(IssuerListEffectJson.From(effect.Value), OperatorJson.Types.IssuerListEffectJson, status: effect.Value.IsNew && !isDrill ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : effect.Error;
    }
}
