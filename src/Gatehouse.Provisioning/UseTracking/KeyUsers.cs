using System.Data.Common;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Provisioning;
using Gatehouse.Provisioning.Allocation;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>Who uses a symmetric key of an enrollment: registrations that come to the service by it, and their devices, which come to their hubs by the key that was derived from it.</summary>
/// <remarks>It goes through all registrations of the enrollment, in batches. What hubs of other servers see is not known here.</remarks>
internal sealed class KeyUsers(Database database, AllocationRules allocations, IDeviceKeyUses hubs)
{
    private const int Batch = 1_000;

    /// <param name="service">Tenant.</param>
    /// <param name="known">A key of an enrollment or group.</param>
    /// <param name="total">Of uses at the service.</param>
    /// <param name="since">Only uses at or after this time.</param>
    /// <param name="after">Only what follows this registration id; empty for the first page, which has the counts.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<UsersDocument> FindAsync(HubName service, KnownCredential known, UseTotal total, DateTimeOffset since, string after, int max, CancellationToken cancellationToken)
    {
        var isCounting = after.Length == 0;
        var counts = new HubCounts();
        var found = new List<UseDocument>();
        await foreach (var user in SweepAsync(service, known, since, after, cancellationToken))
        {
            counts.Add(user);
            if (user.IsUser && found.Count <= max)
            {
                found.Add(user.Describe());
            }

            if (!isCounting && found.Count > max)
            {
                break;
            }
        }

        return new UsersDocument
        {
            Credential = known.Text,
            Registrations = total.Registrations,
            LastUsed = UseTimes.Of(total.LastUsed),
            Hubs = isCounting ? counts.Describe() : null,
            Value = [.. found.Take(max)],
            Next = found.Count > max ? found[max - 1].RegistrationId : null,
        };
    }

    /// <summary>When devices of an enrollment last used at their hubs what comes from its two keys as they are now, and how many are connected by it.</summary>
    internal async Task<RotatedKeysUse> ReadHubsAsync(HubName service, EnrollmentRow enrollment, CancellationToken cancellationToken)
    {
        var linked = await database.ReadAsync((connection, token) => LinkedHubRows.ReadAllAsync(connection, service, token), cancellationToken);
        var (primary, secondary) = (new RotatedKeyUse(0, 0), new RotatedKeyUse(0, 0));
        var after = "";
        IReadOnlyList<RegistrationRow> rows;
        do
        {
            var from = after;
            rows = await database.ReadAsync((connection, token) => RegistrationRows.ListAsync(connection, service, enrollment.Key, from, Batch, token), cancellationToken);
            var places = rows.Where(static row => row.HostName.Length > 0).ToDictionary(static row => row.Id, row => allocations.Find(row.HostName, linked));
            var atHubs = await AskAsync(rows, places, cancellationToken);
            foreach (var row in rows)
            {
                var use = DeviceId.TryParse(row.DeviceId, out var device) && places.GetValueOrDefault(row.Id)?.Hub is { } hub ? atHubs.GetValueOrDefault((hub, device)) : null;
                primary = With(primary, new KeyUser(row.Id, row, null, IsPrimary: true, enrollment.Primary.Mark, DateTimeOffset.MinValue) { AtHub = use });
                secondary = With(secondary, new KeyUser(row.Id, row, null, IsPrimary: false, enrollment.Secondary.Mark, DateTimeOffset.MinValue) { AtHub = use });
            }

            after = rows.Count > 0 ? rows[^1].Id : after;
        }
        while (rows.Count == Batch);
        return new RotatedKeysUse(primary, secondary);

        static RotatedKeyUse With(RotatedKeyUse use, KeyUser user) => new(Math.Max(use.LastUsed, user.HubUsed?.UtcTicks ?? 0), use.Live + (user.IsConnected ? 1 : 0));
    }

    /// <summary>All registrations of the enrollment and all that have used the key, in the order of ids.</summary>
    internal async IAsyncEnumerable<KeyUser> SweepAsync(HubName service, KnownCredential known, DateTimeOffset since, string after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var linked = await database.ReadAsync((connection, token) => LinkedHubRows.ReadAllAsync(connection, service, token), cancellationToken);
        var key = new EnrollmentKey((EnrollmentKind)known.Kind, known.Owner);
        var count = Batch;
        while (count == Batch)
        {
            var from = after;
            var (ids, rows, uses) = await database.ReadAsync((connection, token) => ReadAsync(connection, service, key, known, since, from, token), cancellationToken);
            var places = rows.Where(static row => row.HostName.Length > 0).ToDictionary(static row => row.Id, row => allocations.Find(row.HostName, linked));
            var atHubs = await AskAsync(rows, places, cancellationToken);
            var byId = rows.ToDictionary(static row => row.Id);
            var usesById = uses.ToDictionary(static use => use.Registration);
            foreach (var id in ids)
            {
                var row = byId.GetValueOrDefault(id);
                yield return new KeyUser(id, row, usesById.GetValueOrDefault(id), known.Slot.Name == CredentialName.PrimaryKey, known.Slot.Mark, since)
                {
                    AtHub = row is not null && DeviceId.TryParse(row.DeviceId, out var device) && places.GetValueOrDefault(id)?.Hub is { } hub ? atHubs.GetValueOrDefault((hub, device)) : null,
                    IsElsewhere = row is { HostName.Length: > 0 } && places.GetValueOrDefault(id) is { Hub: null },
                };
            }

            count = ids.Count;
            after = count > 0 ? ids[^1] : after;
        }
    }

    private static async Task<(IReadOnlyList<string> Ids, IReadOnlyList<RegistrationRow> Rows, IReadOnlyList<ProvisioningUse> Uses)> ReadAsync(
        DbConnection connection, HubName service, EnrollmentKey key, KnownCredential known, DateTimeOffset since, string after, CancellationToken cancellationToken)
    {
        var ids = await ProvisioningUseRows.ListIdsAsync(connection, service, known, since.UtcTicks, after, Batch, cancellationToken);
        if (ids.Count == 0)
        {
            return (ids, [], []);
        }

        // Of each list what lies within the batch: its first so many.
        var within = ids.ToHashSet(StringComparer.Ordinal);
        var rows = await RegistrationRows.ListAsync(connection, service, key, after, ids.Count, cancellationToken);
        var uses = await ProvisioningUseRows.FindAsync(connection, service, known, since.UtcTicks, after, ids.Count, cancellationToken);
        return (ids, [.. rows.Where(row => within.Contains(row.Id))], [.. uses.Where(use => within.Contains(use.Registration))]);
    }

    private async Task<Dictionary<(HubName Hub, DeviceId Device), DeviceKeyUse>> AskAsync(IReadOnlyList<RegistrationRow> rows, Dictionary<string, LinkedHub?> places, CancellationToken cancellationToken)
    {
        var answers = new Dictionary<(HubName Hub, DeviceId Device), DeviceKeyUse>();
        foreach (var ofHub in rows.GroupBy(row => places.GetValueOrDefault(row.Id)?.Hub))
        {
            if (ofHub.Key is { } hub)
            {
                var devices = ofHub.Select(static row => DeviceId.TryParse(row.DeviceId, out var device) ? device : default(DeviceId?)).OfType<DeviceId>().Distinct().ToList();
                foreach (var (device, use) in await hubs.ReadAsync(hub, devices, cancellationToken))
                {
                    answers[(hub, device)] = use;
                }
            }
        }

        return answers;
    }

    /// <summary>What hubs say, counted.</summary>
    private sealed class HubCounts
    {
        private long devices;
        private long connected;
        private long outdated;
        private long elsewhere;
        private DateTimeOffset? last;

        internal void Add(KeyUser user)
        {
            elsewhere += user.IsElsewhere ? 1 : 0;
            outdated += user.IsOutdated ? 1 : 0;
            devices += user.HubUsed is null && !user.IsConnected ? 0 : 1;
            connected += user.IsConnected ? 1 : 0;
            last = user.HubUsed is { } used && (last is null || used > last) ? used : last;
        }

        internal HubCountsDocument Describe() => new(devices, UseTimes.Of(last), connected, outdated, elsewhere);
    }
}

/// <summary>A registration with what is known of its use of one key.</summary>
/// <param name="Id">In lower case.</param>
/// <param name="Row">Its record; null when that is gone or of another enrollment.</param>
/// <param name="Use">At the service; null for none since.</param>
/// <param name="IsPrimary">Which key.</param>
/// <param name="Mark">Of the key as it is now.</param>
/// <param name="Since">Earlier uses do not count.</param>
internal sealed record KeyUser(string Id, RegistrationRow? Row, ProvisioningUse? Use, bool IsPrimary, string Mark, DateTimeOffset Since)
{
    private readonly Lazy<Evidence?> evidence = new(() => Row?.ReadEvidence());

    /// <summary>What its hub says; null when it says nothing, or is not of this server.</summary>
    internal DeviceKeyUse? AtHub { get; init; }

    /// <summary>Its hub is on another server.</summary>
    internal bool IsElsewhere { get; init; }

    /// <summary>Its key in its hub comes from a key that the enrollment has no more. Where it is not known from which, it counts as the present one.</summary>
    internal bool IsOutdated => Row is { HostName.Length: > 0 } && evidence.Value?.Origin is { } origin && (IsPrimary ? origin.Primary : origin.Secondary) != Mark;

    /// <summary>By the key that comes from this one.</summary>
    internal DateTimeOffset? HubUsed => !IsOfHub || (IsPrimary ? AtHub!.PrimaryUsed : AtHub!.SecondaryUsed) is not { } used || used < Since ? null : used;

    internal bool IsConnected => IsOfHub && AtHub!.ConnectedBy == (IsPrimary ? CredentialName.PrimaryKey : CredentialName.SecondaryKey);

    internal bool IsUser => Use is not null || HubUsed is not null || IsConnected;

    private bool IsOfHub => AtHub is not null && !IsOutdated && evidence.Value is { X509: null, Tpm: null };

    internal UseDocument Describe() => (Use is { } use ? UseDocument.Of(use, null) : new UseDocument { RegistrationId = Id }) with
    {
        Hub = HubUsed is not null || IsConnected ? new HubUseDocument(Row!.HostName, Row.DeviceId, UseTimes.Of(HubUsed), IsConnected) : null,
    };
}
