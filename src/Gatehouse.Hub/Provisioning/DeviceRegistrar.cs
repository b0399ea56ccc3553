using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;

namespace Gatehouse.Hub.Provisioning;

/// <summary>Takes devices in that a provisioning service has assigned here: identity and first twin in one transaction.</summary>
internal sealed class DeviceRegistrar(HubDirectory directory, Database database, RegistryTransactions transactions, DeviceWriter devices, TwinWriter twins, RevocationList revocations) : IDeviceRegistrar
{
    public HubName? FindHub(string hostName) => directory.Find(hostName)?.Name;

    public HubError? CheckTwin(ReadOnlySpan<byte> json)
    {
        var update = TwinUpdate.Patch(json);
        return update.IsOk ? twins.Check(update.Value) : update.Error;
    }

    public Task<Result<bool>> RegisterAsync(HubName hub, string actor, ProvisionedDevice device, CancellationToken cancellationToken) =>
        transactions.RunAsync<bool>(hub, actor, (change, token) => RegisterAsync(change, device, token), cancellationToken);

    public Task<Result<bool>> RenewAsync(HubName hub, string actor, DeviceId device, string thumbprint, string kept, CancellationToken cancellationToken) => transactions.RunAsync<bool>(
        hub,
        actor,
        async (change, token) =>
        {
            var present = (await IdentityRows.ReadDeviceAsync(change.Transaction, hub, device.Value, token)).FirstOrDefault(row => !row.IsModule);
            if (present is null)
            {
                return HubErrors.DeviceNotFound;
            }

            if (present.CredentialKind != (long)CredentialKind.SelfSigned || !Has(present, kept))
            {
                return HubErrors.ArgumentInvalid.With("The device does not prove itself by the thumbprint of that certificate.");
            }

            var authentication = new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = thumbprint, SecondaryThumbprint = kept };
            var put = await devices.PutAsync(change, new IdentityInput { Key = new IdentityKey(device), Authentication = authentication }, WriteCondition.Update, token);
            return put.IsOk ? true : put.Error;
        },
        cancellationToken);

    public async Task<ReadOnlyMemory<byte>?> ReadTwinAsync(HubName hub, DeviceId device, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => TwinRows.FindAsync(connection, hub, new IdentityKey(device), DateTimeOffset.MinValue, token), cancellationToken);
        return row is null ? default(ReadOnlyMemory<byte>?) : Document(row); // a bare null would become an empty document
    }

    public Task<Result<bool>> QuarantineAsync(HubName hub, string actor, DeviceId device, string reason, CancellationToken cancellationToken) =>
        transactions.RunAsync<bool>(hub, actor, (change, token) => QuarantineAsync(change, device, reason, token), cancellationToken);

    public async Task<Result<bool>> PatchTwinAsync(HubName hub, string actor, DeviceId device, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken)
    {
        var update = TwinUpdate.Patch(patch.Span);
        return !update.IsOk ? update.Error : await transactions.RunAsync<bool>(hub, actor, (change, token) => PatchTwinAsync(change, device, update.Value, token), cancellationToken);
    }

    public async Task<Result<bool>> RemoveAsync(HubName hub, string actor, DeviceId device, CancellationToken cancellationToken)
    {
        var removed = await transactions.RunAsync(hub, actor, (change, token) => DeviceWriter.DeleteAsync(change, device, WriteCondition.Update, token), cancellationToken);
        return removed.IsOk || removed.Error == HubErrors.DeviceNotFound ? true : removed.Error;
    }

    public async Task<Result<bool>> RevokeAsync(HubName hub, string actor, WithdrawnCertificate certificate, CancellationToken cancellationToken)
    {
        var request = new RevocationRequest { Kind = "certificate", Thumbprint = certificate.Thumbprint, Reason = certificate.Reason, Note = revocations.Fit(certificate.Note) };
        var revoked = await revocations.RevokeAsync(hub, request, actor, cancellationToken);
        return revoked.IsOk ? true : revoked.Error;
    }

    private async Task<Result<bool>> RegisterAsync(RegistryChange change, ProvisionedDevice device, CancellationToken cancellationToken)
    {
        var key = new IdentityKey(device.Id);
        var rows = await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, device.Id.Value, cancellationToken);
        var present = rows.FirstOrDefault(row => !row.IsModule);
        var isNew = present is null;

        // The status stays: whom an operator disabled does not come back by registering again. So does Edge, which an operator may have made it since.
        var returns = device.EndsQuarantineOf is { } service && present is { IsDisabled: not 0 } && QuarantineReason.Is(present.StatusReason, service);
        var input = new IdentityInput { Key = key, Authentication = Credentials(device, present), IsEdge = isNew || device.IsEdge ? device.IsEdge : null, Status = returns ? "enabled" : null };
        var put = await devices.PutAsync(change, input, WriteCondition.CreateOrUpdate, cancellationToken, rows);
        if (!put.IsOk)
        {
            return put.Error;
        }

        if (isNew ? device.Twin.IsEmpty : !device.ResetsTwin)
        {
            return true;
        }

        var text = device.Twin.IsEmpty ? "{}"u8 : device.Twin.Span;
        var update = isNew ? TwinUpdate.Patch(text) : TwinUpdate.Replacement(text);
        if (!update.IsOk)
        {
            return update.Error;
        }

        var written = await twins.WriteAsync(change.Transaction, change.Hub, change.Actor, key, update.Value, IfMatch.Absent, cancellationToken);
        return written.IsOk ? true : written.Error;
    }

    private async Task<Result<bool>> QuarantineAsync(RegistryChange change, DeviceId device, string reason, CancellationToken cancellationToken)
    {
        if (await FindAsync(change, device, cancellationToken) is not { } present)
        {
            return true;
        }

        // A reason that somebody gave stays: by it the device does not come back on its own.
        var input = new IdentityInput
        {
            Key = new IdentityKey(device),
            Authentication = new AuthenticationInput { Type = "sas" },
            Status = present.IsDisabled == 0 ? "disabled" : null,
            StatusReason = reason,
        };
        var put = await devices.PutAsync(change, input, WriteCondition.CreateOrUpdate, cancellationToken);
        return put.IsOk ? true : put.Error;
    }

    private async Task<Result<bool>> PatchTwinAsync(RegistryChange change, DeviceId device, TwinUpdate update, CancellationToken cancellationToken)
    {
        if (await FindAsync(change, device, cancellationToken) is null)
        {
            return true;
        }

        var written = await twins.WriteAsync(change.Transaction, change.Hub, change.Actor, new IdentityKey(device), update, IfMatch.Absent, cancellationToken);
        return written.IsOk ? true : written.Error;
    }

    private static async Task<IdentityRow?> FindAsync(RegistryChange change, DeviceId device, CancellationToken cancellationToken) =>
        (await IdentityRows.ReadDeviceAsync(change.Transaction, change.Hub, device.Value, cancellationToken)).FirstOrDefault(row => !row.IsModule);

    // What an operator took from the device does not come back with a new certificate.
    private static AuthenticationInput Credentials(ProvisionedDevice device, IdentityRow? present) => device.PrimaryKey is not null
        ? new AuthenticationInput { Type = "sas", PrimaryKey = device.PrimaryKey, SecondaryKey = device.SecondaryKey }
        : new AuthenticationInput { Type = "selfSigned", PrimaryThumbprint = device.PrimaryThumbprint, SecondaryThumbprint = device.KeptThumbprint is { } kept && Has(present, kept) ? kept : device.SecondaryThumbprint };

    private static bool Has(IdentityRow? row, string thumbprint) =>
        thumbprint.Equals(row?.PrimaryThumbprint, StringComparison.OrdinalIgnoreCase) || thumbprint.Equals(row?.SecondaryThumbprint, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlyMemory<byte> Document(TwinRow row)
    {
        var text = new ArrayBufferWriter<byte>(row.Tags.Length + row.Desired.Length + 64);
        using var writer = new Utf8JsonWriter(text);
        writer.WriteStartObject();
        writer.WritePropertyName("tags"u8);
        writer.WriteRawValue(row.Tags);
        writer.WriteStartObject("properties"u8);
        writer.WritePropertyName("desired"u8);
        writer.WriteRawValue(row.Desired);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return text.WrittenMemory;
    }
}
