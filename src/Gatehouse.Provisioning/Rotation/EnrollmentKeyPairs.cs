using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Instances;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.UseTracking;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>Both symmetric keys of an enrollment group, from which those of its devices come, or of an individual enrollment.</summary>
/// <remarks>A key that is made anew is also replaced at the hubs, in the background (<see cref="KeyRolls"/>): what came from the old one does not live on there.</remarks>
internal abstract class EnrollmentKeyPairs(EnrollmentKind enrollmentKind, RotationParts parts) : IRotatedKeys, IAgedKeys
{
    private const int NewKeyBytes = 64;

    // The dearer a look is, the longer it is good for: no more than a twentieth of the time goes into it, and none is older than a minute.
    private const int Spacing = 20;
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(HubName Tenant, string Name), Look> looks = new();

    public abstract string Kind { get; }

    public IReadOnlyList<HubName> Tenants => [.. parts.Directory.All.Select(static each => each.Name)];

    public async Task<Result<string>> FindAsync(HubName tenant, string name, CancellationToken cancellationToken)
    {
        if (!EnrollmentKey.IsValid(name) || await parts.Database.ReadAsync((connection, token) => EnrollmentRows.FindAsync(connection, tenant, KeyOf(name), token), cancellationToken) is not { } row)
        {
            return ProvisioningErrors.EnrollmentNotFound;
        }

        if (row.Type != AttestationType.SymmetricKey)
        {
            return ProvisioningErrors.ArgumentInvalid.With($"'{row.Name}' attests by {AttestationViews.WordOf(row.Type)} and has no symmetric keys.");
        }

        var elsewhere = await parts.Database.ReadAsync((connection, token) => KeyRollRows.CountElsewhereAsync(connection, tenant, row.Key, null, token), cancellationToken);
        return elsewhere == 0 ? row.Name : ProvisioningErrors.ArgumentInvalid.With(Elsewhere(elsewhere));
    }

    public RotatedKeysWords WordsFor(string name) => enrollmentKind == EnrollmentKind.Group
        ? new($"enrollment group '{name}'", $"Give each device its key derived from it (gatehouse enrollment compute-device-keys {name} --key-type {{0}} --to FILE)", $"enrollment-group/{name}")
        : new($"individual enrollment '{name}'", $"Give it to the device (gatehouse enrollment keys {name})", $"enrollment/{name}");

    public async Task<RotatedKeysUse> ReadUseAsync(HubName tenant, string name, bool isDecisive, CancellationToken cancellationToken)
    {
        if (looks.TryGetValue((tenant, name), out var last) && parts.Time.GetElapsedTime(last.Ended) < (isDecisive ? last.Cost : Min(last.Cost * Spacing)))
        {
            return last.Use;
        }

        var began = parts.Time.GetTimestamp();
        var use = await parts.Usage.ReadKeysAsync(tenant, KeyOf(name), cancellationToken);
        looks[(tenant, name)] = new Look(use, parts.Time.GetTimestamp(), parts.Time.GetElapsedTime(began));
        return use;
    }

    public async Task<HubError?> LockAsync(WriteTransaction write, HubName tenant, CancellationToken cancellationToken) =>
        await InstanceRows.LockAsync(write, parts.Database.Dialect, tenant, cancellationToken) is null ? ProvisioningErrors.NotFound : null;

    public async Task<string?> MarkAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        await ReadAsync(write, tenant, name, cancellationToken) is { Type: AttestationType.SymmetricKey } row ? MarkOf(row) : null;

    // Devices that registered before uses were tracked hold one of the keys, although nobody was seen by it.
    public async Task<bool> IsLastWayInAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        (await RegistrationRows.ListAsync(write.Connection, tenant, KeyOf(name), "", 1, cancellationToken, write.Transaction)).Count > 0;

    public async Task<string?> FindHoldAsync(WriteTransaction write, HubName tenant, string name, string last, CancellationToken cancellationToken)
    {
        if (await KeyRollRows.IsOpenAsync(write, tenant, KeyOf(name), cancellationToken))
        {
            return "The new key is still being written to devices in their hubs; the old one goes when that is done.";
        }

        var elsewhere = await KeyRollRows.CountElsewhereAsync(write.Connection, tenant, KeyOf(name), write.Transaction, cancellationToken);
        return elsewhere == 0 ? null : Elsewhere(elsewhere);
    }

    public async Task<string> RenewAsync(WriteTransaction write, HubName tenant, string name, string key, string actor, CancellationToken cancellationToken)
    {
        var row = (await ReadAsync(write, tenant, name, cancellationToken))!;
        var isPrimary = key == CredentialName.PrimaryKey;
        var now = parts.Time.GetUtcNow().UtcTicks;
        var made = Make(row.Binding);
        var renewed = (isPrimary ? row with { PrimaryKey = made, PrimaryMade = now } : row with { SecondaryKey = made, SecondaryMade = now }) with { Etag = EntityTag.New(), Changed = now };
        await EnrollmentRows.UpdateAsync(write, renewed, cancellationToken);
        await KeyRollRows.InsertAsync(
            write,
            new KeyRollRow
            {
                Service = tenant.Value,
                RollId = Guid.NewGuid().ToString("N"),
                Kind = row.Kind,
                Enrollment = row.Id,
                Generation = row.GenerationId,
                IsPrimary = isPrimary ? 1 : 0,
                OldKey = (isPrimary ? row.PrimaryKey : row.SecondaryKey)!,
                Actor = actor,
                Due = now,
            },
            cancellationToken);
        var isGroup = enrollmentKind == EnrollmentKind.Group;
        write.Audit(new AuditRecord
        {
            Hub = row.Service,
            Actor = actor,
            Action = isGroup ? "enrollmentgroup.regenerate-key" : "enrollment.regenerate-key",
            Subject = row.Name,
            Detail = new JsonObject { ["key"] = isPrimary ? "primary" : "secondary" }.ToJsonString(),
        });
        if (isGroup)
        {
            write.Signal(new Signal(SignalSubjects.ProvisioningChanged, row.Service, row.Id));
        }

        looks.TryRemove((tenant, name), out _);
        return MarkOf(renewed);
    }

    public Task<IReadOnlyList<AgedKeys>> ListAsync(HubName tenant, long madeBefore, AgedKeys? after, int max, CancellationToken cancellationToken) =>
        parts.Database.ReadAsync((connection, token) => KeyAgeRows.ListAsync(connection, tenant, enrollmentKind, madeBefore, after, max, token), cancellationToken);

    public Task<long> CountAsync(HubName tenant, long madeBefore, CancellationToken cancellationToken) =>
        parts.Database.ReadAsync((connection, token) => KeyAgeRows.CountAsync(connection, tenant, enrollmentKind, madeBefore, token), cancellationToken);

    public Task<int> NoteFirstSeenAsync(WriteTransaction write, HubName tenant, long now, int max, CancellationToken cancellationToken) => KeyAgeRows.NoteAsync(write, tenant, enrollmentKind, now, max, cancellationToken);

    private static TimeSpan Min(TimeSpan age) => age < MaxAge ? age : MaxAge;

    private static string Elsewhere(long count) => string.Create(
        CultureInfo.InvariantCulture, $"{count} devices of it are in hubs of other servers: what they use is not known here, and their keys there are not replaced by a plan. Roll them by hand (gatehouse enrollment roll), or give these devices an enrollment of their own.");

    private static string MarkOf(EnrollmentRow row) => $"{row.GenerationId}/{row.Primary.Mark}/{row.Secondary.Mark}";

    private byte[] Make(string binding)
    {
        var key = RandomNumberGenerator.GetBytes(NewKeyBytes);
        var blob = parts.Vault.Seal(key, binding).Blob.ToArray();
        CryptographicOperations.ZeroMemory(key);
        return blob;
    }

    private EnrollmentKey KeyOf(string name) => EnrollmentKey.Of(enrollmentKind, name);

    private Task<EnrollmentRow?> ReadAsync(WriteTransaction write, HubName tenant, string name, CancellationToken cancellationToken) =>
        EnrollmentRows.FindAsync(write.Connection, tenant, KeyOf(name), cancellationToken, write.Transaction);

    private sealed record Look(RotatedKeysUse Use, long Ended, TimeSpan Cost);
}

/// <summary>Keys of groups.</summary>
internal sealed class GroupKeyPairs(RotationParts parts) : EnrollmentKeyPairs(EnrollmentKind.Group, parts)
{
    internal const string KindName = "group-key";

    public override string Kind => KindName;
}

/// <summary>Keys of individual enrollments.</summary>
internal sealed class IndividualKeyPairs(RotationParts parts) : EnrollmentKeyPairs(EnrollmentKind.Individual, parts)
{
    internal const string KindName = "enrollment-key";

    public override string Kind => KindName;
}

/// <summary>What both need.</summary>
internal sealed record RotationParts(Database Database, ProvisioningDirectory Directory, ProvisioningUsage Usage, SecretVault Vault, TimeProvider Time);
