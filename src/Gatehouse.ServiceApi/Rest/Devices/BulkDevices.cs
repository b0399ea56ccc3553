using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.ServiceApi.Rest.Registry;

namespace Gatehouse.ServiceApi.Rest.Devices;

/// <summary><c>POST /devices</c>: up to 100 identities in one transaction; 200 with the errors of single items (decisions/0007).</summary>
internal sealed class BulkDevices(BulkRegistry registry, RegistryOptions options) : ApiOperation(Operations.BulkDevices, "POST", "devices")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(RegistryJson.Shapes.IReadOnlyListBulkDeviceBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        if (body.Value.Count > options.MaxBulkItems)
        {
            return HubErrors.TooManyDevices.With($"At most {options.MaxBulkItems} identities are allowed in one call.");
        }

        var items = new List<BulkItem>(body.Value.Count);
        foreach (var sent in body.Value)
        {
            var item = Read(sent);
            if (!item.IsOk)
            {
                return item.Error;
            }

            items.Add(item.Value);
        }

        var errors = await registry.RunAsync(request.Hub, request.Actor, items, cancellationToken);
        return errors.IsOk ? ApiResponse.Json(ResultOf(errors.Value), RegistryJson.Shapes.BulkResult) : errors.Error;
    }

    // An item without a readable id or mode cannot be reported on: the call as a whole is wrong.
    private static Result<BulkItem> Read(BulkDeviceBody? sent)
    {
        if (sent is null)
        {
            return HubErrors.ArgumentNull.With("An item of the list is null.");
        }

        if (!DeviceId.TryParse(sent.Id, out var device))
        {
            return HubErrors.ArgumentInvalid.With("The id of an item is missing or no device id.");
        }

        ModuleId? module = null;
        if (!string.IsNullOrEmpty(sent.ModuleId))
        {
            if (!ModuleId.TryParse(sent.ModuleId, out var known))
            {
                return HubErrors.ArgumentInvalid.With("The moduleId of an item is no module id.");
            }

            module = known;
        }

        if (!ImportModes.TryRead(sent.ImportMode, out var mode))
        {
            return HubErrors.ArgumentInvalid.With("The importMode of an item is unknown.");
        }

        return new BulkItem(ToInput(sent, new IdentityKey(device, module)), mode, sent.ETag, BulkTwin.Of(sent.Tags, sent.Properties, sent.TwinETag));
    }

    private static IdentityInput ToInput(BulkDeviceBody sent, IdentityKey key) => new()
    {
        Key = key,
        Status = sent.Status,
        StatusReason = sent.StatusReason,
        Authentication = sent.Authentication?.ToInput(),
        KeepsCredentials = true,
        IsEdge = sent.Capabilities?.IotEdge,
        DeviceScope = sent.DeviceScope,
        ParentScopes = sent.ParentScopes,
        ManagedBy = sent.ManagedBy,
    };

    private static BulkResult ResultOf(IReadOnlyList<BulkItemError> errors) => new(
        errors.All(error => error.IsWarning),
        [.. errors.Where(error => !error.IsWarning).Select(Show)],
        [.. errors.Where(error => error.IsWarning).Select(error => new BulkWarningDocument(error.DeviceId, "DeviceRegisteredWithoutTwin", error.Error.Message))]);

    private static BulkErrorDocument Show(BulkItemError error) => new(
        error.DeviceId,
        error.ModuleId,
        ReferenceEquals(error.Error, HubErrors.StringIsNotThumbprint) || ReferenceEquals(error.Error, HubErrors.DeviceAuthenticationTypeIsMissing) ? HubErrors.ArgumentInvalid.Name : error.Error.Name,
        error.Error.Message);
}
