using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Provisioning.Certificates;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>Both CA certificates of an enrollment group, its own or those that it names: devices move from one to the other, which is there already, and the one that they leave is taken out.</summary>
/// <remarks>At its hub a device is known by the thumbprint that it registered with: there a plan changes nothing.</remarks>
internal sealed class GroupCaPairs(RotationParts parts) : IRotatedKeys
{
    internal const string KindName = "group-ca";

    public string Kind => KindName;

    public bool RenewsFirst => false;

    public string What => "CA certificate";

    public (string Primary, string Secondary) Slots => (EnrollmentSlot.PrimaryCertificate, EnrollmentSlot.SecondaryCertificate);

    public IReadOnlyList<HubName> Tenants => [.. parts.Directory.All.Select(static each => each.Name)];

    public async Task<Result<string>> FindAsync(HubName tenant, string name, CancellationToken cancellationToken)
    {
        if (!EnrollmentKey.IsValid(name))
        {
            return ProvisioningErrors.EnrollmentNotFound;
        }

        return await parts.Database.ReadAsync<Result<string>>(
            async (connection, token) =>
            {
                if (await EnrollmentRows.FindAsync(connection, tenant, KeyOf(name), token) is not { } row)
                {
                    return ProvisioningErrors.EnrollmentNotFound;
                }

                return row.Type == AttestationType.X509 && EnrollmentSlot.Of(row, await CaCertificateRows.ListAsync(connection, tenant, token)).Count() == 2
                    ? Result<string>.Of(row.Name)
                    : ProvisioningErrors.ArgumentInvalid.With($"The group '{row.Name}' has not two CA certificates. Give it the new one beside the old one first (gatehouse enrollment roll {row.Name} --group).");
            },
            cancellationToken);
    }

    public RotatedKeysWords WordsFor(string name) =>
        new($"enrollment group '{name}'", "Give the devices certificates that lead to it, and let them register again", $"enrollment-group/{name}");

    public async Task<RotatedKeysUse> ReadUseAsync(HubName tenant, string name, bool isDecisive, CancellationToken cancellationToken) =>
        new(await UseAsync(tenant, name, Slots.Primary, cancellationToken), await UseAsync(tenant, name, Slots.Secondary, cancellationToken));

    public async Task<HubError?> LockAsync(WriteTransaction write, HubName tenant, CancellationToken cancellationToken) =>
        await InstanceRows.LockAsync(write, parts.Database.Dialect, tenant, cancellationToken) is null ? ProvisioningErrors.NotFound : null;

    public async Task<string?> MarkAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        await ReadAsync(write, tenant, name, cancellationToken) is { } found ? MarkOf(found.Row, found.Slots) : null;

    // That a CA is there does not show that any device's chain leads to it.
    public Task<bool> IsLastWayInAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) => Task.FromResult(true);

    public async Task<string?> FindHoldAsync(WriteTransaction write, HubName tenant, string name, string last, CancellationToken cancellationToken)
    {
        if (await ReadAsync(write, tenant, name, cancellationToken) is not { Slots.Count: 2 } found)
        {
            return null;
        }

        var old = KnownCredential.Of(found.Row, found.Slots.Find(each => each.Name == last));
        var next = found.Slots.Find(each => each.Name != last);
        var count = await ProvisioningUseRows.CountLaggardsAsync(write, tenant, old, next.Credential, cancellationToken);
        return count == 0 ? null : string.Create(
            CultureInfo.InvariantCulture, $"{count} devices came by the old CA certificate last, and would come back to a closed door. Who they are: gatehouse credential users {old.Text}. One that is no more: gatehouse enrollment registrations delete.");
    }

    public async Task<string> RenewAsync(WriteTransaction write, HubName tenant, string name, string key, string actor, CancellationToken cancellationToken)
    {
        var (row, slots) = (await ReadAsync(write, tenant, name, cancellationToken))!.Value;
        var proof = row.ReadProof();
        var left = key == Slots.Primary ? proof with { SigningPrimary = null, CaPrimary = null } : proof with { SigningSecondary = null, CaSecondary = null };
        var changed = row with { Etag = EntityTag.New(), Changed = parts.Time.GetUtcNow().UtcTicks, Proof = JsonSerializer.Serialize(left, ProvisioningJson.Own.StoredProof) };
        await EnrollmentRows.UpdateAsync(write, changed, cancellationToken);
        await EnrollmentRows.WriteClaimsAsync(write, changed, AttestationRules.ClaimsOf(changed), cancellationToken);
        write.Audit(new AuditRecord
        {
            Hub = row.Service,
            Actor = actor,
            Action = "enrollmentgroup.retire-certificate",
            Subject = row.Name,
            Detail = new JsonObject { ["certificate"] = key == Slots.Primary ? "primary" : "secondary", ["thumbprint"] = slots.Find(each => each.Name == key).Thumbprint }.ToJsonString(),
        });
        write.Signal(new Signal(SignalSubjects.ProvisioningChanged, row.Service, row.Id));
        return MarkOf(changed, [.. slots.Where(each => each.Name != key)]);
    }

    private static string MarkOf(EnrollmentRow row, List<EnrollmentSlot> slots) => $"{row.GenerationId}/{string.Join('/', slots.Select(static each => $"{each.Name}={each.Thumbprint}"))}";

    private static EnrollmentKey KeyOf(string name) => EnrollmentKey.Of(EnrollmentKind.Group, name);

    private static async Task<(EnrollmentRow Row, List<EnrollmentSlot> Slots)?> ReadAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken)
    {
        if (await EnrollmentRows.FindAsync(write.Connection, tenant, KeyOf(name), cancellationToken, write.Transaction) is not { Type: AttestationType.X509 } row)
        {
            return null;
        }

        return (row, [.. EnrollmentSlot.Of(row, await CaCertificateRows.ListAsync(write.Connection, tenant, cancellationToken, write.Transaction))]);
    }

    private async Task<RotatedKeyUse> UseAsync(HubName tenant, string name, string slot, CancellationToken cancellationToken) =>
        new(await parts.Usage.LastUsedAsync(tenant, new ProvisioningCredential(OwnerKind.Group, name, slot), cancellationToken), 0);
}
