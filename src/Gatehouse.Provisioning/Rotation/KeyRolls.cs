using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Identity.SharedAccess;
using Gatehouse.Keys;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Provisioning.ServiceDoor;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>Carries a key that a plan has made anew to the devices in their hubs, in the place where they have what came from the old one.</summary>
/// <remarks>
/// Batch by batch in the order of registration ids; how far it is stands in its row, and each batch may be repeated. A second pass finds registrations that were under way, on whatever node, when the key changed.
/// A device that has another key there got it from somebody else and keeps it.
/// </remarks>
internal sealed class KeyRolls(Database database, AllocationRules allocations, IDeviceKeyRolls hubs, SecretVault vault, ProvisioningOptions options, TimeProvider time)
{
    private const int Batch = 100;

    /// <summary>Batches of one roll before others have their turn.</summary>
    private const int Turn = 20;
    private const long Passes = 2;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>Beyond the age of what other nodes remember: how long a registration may be under way.</summary>
    private static readonly TimeSpan LongestRegistration = TimeSpan.FromMinutes(2);

    private readonly string owner = Guid.NewGuid().ToString("N");

    /// <summary>For tests: called after each batch was written to hubs and before that is noted; what it throws is a crash.</summary>
    internal Action? BeforeNote { get; set; }

    /// <summary>Does what is due, of a large enrollment a part. What is wrong with one roll is told when all others have had their turn.</summary>
    /// <exception cref="AggregateException">What was wrong.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var troubles = new List<Exception>();
        foreach (var roll in await database.ReadAsync((connection, token) => KeyRollRows.FindDueAsync(connection, time.GetUtcNow().UtcTicks, token), cancellationToken))
        {
            try
            {
                KeyRollRow? next = roll;
                for (var batch = 0; batch < Turn && next is not null && next.Passes == roll.Passes; batch++)
                {
                    next = await StepAsync(next, cancellationToken);
                }
            }
            catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
            {
                troubles.Add(error);
            }
        }

        if (troubles.Count > 0)
        {
            throw new AggregateException(troubles);
        }
    }

    /// <summary>One batch; null when another node has the roll, or it is over.</summary>
    private async Task<KeyRollRow?> StepAsync(KeyRollRow roll, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var taken = await database.WriteAsync<bool>(async (write, token) => await KeyRollRows.TakeAsync(write, roll, owner, now.UtcTicks, (now + Lease).UtcTicks, token), cancellationToken);
        if (!taken.Value)
        {
            return null;
        }

        var (enrollment, rows, linked) = await database.ReadAsync(
            async (connection, token) => (
                await EnrollmentRows.FindAsync(connection, roll.Tenant, roll.Key, token),
                await RegistrationRows.ListAsync(connection, roll.Tenant, roll.Key, roll.AfterId, Batch, token),
                await LinkedHubRows.ReadAllAsync(connection, roll.Tenant, token)),
            cancellationToken);
        if (enrollment is not { Type: AttestationType.SymmetricKey } || enrollment.GenerationId != roll.Generation)
        {
            // Deleted: what it gave to hubs is now theirs, as with any enrollment that is deleted.
            await database.WriteAsync<bool>(
                async (write, token) =>
                {
                    await KeyRollRows.DeleteAsync(write, roll, token);
                    return true;
                },
                cancellationToken);
            return null;
        }

        var rolled = await WriteToHubsAsync(roll, enrollment, rows, linked, cancellationToken);
        BeforeNote?.Invoke();
        return await NoteAsync(roll, enrollment, rows, rolled, cancellationToken);
    }

    private async Task<HashSet<string>> WriteToHubsAsync(KeyRollRow roll, EnrollmentRow enrollment, IReadOnlyList<RegistrationRow> rows, IReadOnlyList<LinkedHub> linked, CancellationToken cancellationToken)
    {
        var rolled = new HashSet<string>(StringComparer.Ordinal);
        foreach (var ofHub in rows.Where(static row => row.HostName.Length > 0).GroupBy(row => allocations.Find(row.HostName, linked)?.Hub))
        {
            if (ofHub.Key is not { } hub)
            {
                continue;
            }

            var byDevice = new Dictionary<DeviceId, RegistrationRow>();
            foreach (var row in ofHub.Where(static row => row.ReadEvidence() is { X509: null, Tpm: null }))
            {
                if (DeviceId.TryParse(row.DeviceId, out var device))
                {
                    byDevice[device] = row;
                }
            }

            var wanted = byDevice.Select(each => new DeviceKeyRoll(each.Key, KeyOf(roll.Old, enrollment, SpellingOf(each.Value)), KeyOf(roll.IsPrimary != 0 ? enrollment.Primary : enrollment.Secondary, enrollment, SpellingOf(each.Value)))).ToList();
            if (wanted.Count > 0 && await hubs.RunAsync(hub, roll.Actor, roll.IsPrimary != 0, wanted, cancellationToken) is { IsOk: true } done)
            {
                rolled.UnionWith(done.Value.Select(device => byDevice[device].Id));
            }
        }

        return rolled;
    }

    private async Task<KeyRollRow?> NoteAsync(KeyRollRow roll, EnrollmentRow enrollment, IReadOnlyList<RegistrationRow> rows, HashSet<string> rolled, CancellationToken cancellationToken)
    {
        var isThrough = rows.Count < Batch;
        var next = isThrough
            ? roll with { AfterId = "", Passes = roll.Passes + 1, Due = (time.GetUtcNow() + options.CacheAge + LongestRegistration).UtcTicks }
            : roll with { AfterId = rows[^1].Id };
        var noted = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                foreach (var row in rows.Where(row => rolled.Contains(row.Id)))
                {
                    await RegistrationRows.UpdateEvidenceAsync(write, row, Noted(row, roll, enrollment), token);
                }

                await (next.Passes < Passes ? KeyRollRows.UpdateAsync(write, next, token) : KeyRollRows.DeleteAsync(write, next, token));
                return true;
            },
            cancellationToken);
        return noted.IsOk && next.Passes < Passes ? next : null;
    }

    // From which key that in its place comes now; the other one stays what it was.
    private static string Noted(RegistrationRow row, KeyRollRow roll, EnrollmentRow enrollment)
    {
        var evidence = row.ReadEvidence();
        var now = Sealings.Of(enrollment) with { Spelling = evidence.Origin?.Spelling };
        var before = evidence.Origin ?? now;
        var origin = roll.IsPrimary != 0 ? before with { Primary = now.Primary } : before with { Secondary = now.Secondary };
        return JsonSerializer.Serialize(evidence with { Origin = origin }, ProvisioningJson.Own.Evidence);
    }

    private static string SpellingOf(RegistrationRow row) => row.ReadEvidence().Origin?.Spelling ?? row.Name;

    /// <exception cref="KeysException">The key does not open: the roll stays where it is.</exception>
    private string KeyOf(SealedSecret key, EnrollmentRow enrollment, string registration)
    {
        if (enrollment.Key.Kind == EnrollmentKind.Group)
        {
            return RegistrationToken.Derive(vault, key, enrollment.Binding, registration) ?? throw new KeysException($"A key of the enrollment group '{enrollment.Name}' does not open.");
        }

        var clear = vault.Reveal(key, enrollment.Binding);
        var text = Convert.ToBase64String(clear);
        CryptographicOperations.ZeroMemory(clear);
        return text;
    }
}
