using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary><c>POST /devices/keys/regenerate</c>: 200, 207 when some could not be done, 400 when none.</summary>
/// <remarks>Source: service API of 2024-03-31.</remarks>
internal sealed class RegenerateKeys(KeyRegeneration keys) : ApiOperation(Operations.RegenerateKeys, "POST", "devices/keys/regenerate")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(RegistryJson.Shapes.RegenerateKeysBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var which = WhichOf(body.Value.PolicyKey);
        if (which is null)
        {
            return HubErrors.ArgumentInvalid.With("The policyKey must be primaryKey, secondaryKey or swap.");
        }

        var identities = new List<IdentityKey>();
        foreach (var sent in body.Value.Devices ?? [])
        {
            if (!DeviceId.TryParse(sent?.Id, out var device))
            {
                return HubErrors.ArgumentInvalid.With("The id of an item is missing or no device id.");
            }

            ModuleId? module = null;
            if (!string.IsNullOrEmpty(sent!.ModuleId))
            {
                if (!ModuleId.TryParse(sent.ModuleId, out var known))
                {
                    return HubErrors.ArgumentInvalid.With("The moduleId of an item is no module id.");
                }

                module = known;
            }

            identities.Add(new IdentityKey(device, module));
        }

        var done = await keys.RunAsync(request.Hub, request.Actor, which.Value, identities, cancellationToken);
        return done.IsOk ? Answer(body.Value.PolicyKey!, identities, done.Value) : done.Error;
    }

    private static ApiResponse Answer(string policyKey, List<IdentityKey> identities, IReadOnlyList<Result<RegisteredIdentity>> outcomes)
    {
        var rotated = outcomes.Where(each => each.IsOk).Select(each => new RotatedKeys(each.Value.Key.Device.Value, each.Value.Key.Module?.Value, each.Value.PrimaryKey!, each.Value.SecondaryKey!)).ToList();
        var errors = outcomes.Select((each, i) => each.Error is { } error ? new RegenerateKeysError(identities[i].Device.Value, identities[i].Module?.Value, error.Name, error.Message) : null).OfType<RegenerateKeysError>().ToList();
        var status = errors.Count == 0 ? StatusCodes.Status200OK : rotated.Count == 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status207MultiStatus;
        return ApiResponse.Json(new RegenerateKeysAnswer(policyKey, rotated, errors), RegistryJson.Shapes.RegenerateKeysAnswer, status: status);
    }

    private static RegeneratedKey? WhichOf(string? word) => word?.ToUpperInvariant() switch
    {
        "PRIMARYKEY" => RegeneratedKey.Primary,
        "SECONDARYKEY" => RegeneratedKey.Secondary,
        "SWAP" => RegeneratedKey.Swap,
        _ => null,
    };
}
