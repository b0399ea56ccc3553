using System.Data.Common;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>For PostgreSQL: two round trips for a whole transaction, whatever it holds.</summary>
internal sealed class ReportRowsAtOnce(WriteTransaction transaction) : ReportRows(transaction)
{
    internal override async Task<Dictionary<TwinPlace, ReportedState>> FindAsync(IReadOnlyList<TwinPlace> places, CancellationToken cancellationToken)
    {
        // Locked in the order of all who lock several twins (TwinPlace, TwinRows.LockAllAsync).
        await using var command = Command(
            """
            SELECT t.hub, t.device_id, t.module_id, t.generation_id, t.reported, t.reported_metadata, t.reported_version, t.version, t.model_id
            FROM twins t JOIN unnest(@Hubs, @Devices, @Modules) AS w (hub, device_id, module_id) ON t.hub = w.hub AND t.device_id = w.device_id AND t.module_id = w.module_id
            ORDER BY t.hub COLLATE "C", t.device_id COLLATE "C", t.module_id COLLATE "C" FOR UPDATE OF t
            """,
            ("Hubs", null),
            ("Devices", null),
            ("Modules", null));
        Address(command, places, first: 0);
        var found = new Dictionary<TwinPlace, ReportedState>(places.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var module = reader.GetString(2);
            var key = new IdentityKey(DeviceId.Parse(reader.GetString(1)), module.Length > 0 ? ModuleId.Parse(module) : null);
            found[new TwinPlace(HubName.Parse(reader.GetString(0)), key)] = new ReportedState(reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetInt64(6), reader.GetInt64(7), await reader.IsDBNullAsync(8, cancellationToken) ? null : reader.GetString(8));
        }

        return found;
    }

    internal override async Task SaveAsync(IReadOnlyList<KeyValuePair<TwinPlace, ReportedState>> states, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            UPDATE twins t SET etag = t.etag + (w.version - t.version), version = w.version, reported = w.reported::jsonb, reported_metadata = w.metadata::jsonb, reported_version = w.reported_version
            FROM unnest(@Hubs, @Devices, @Modules, @Versions, @Reported, @Metadata, @ReportedVersions) AS w (hub, device_id, module_id, version, reported, metadata, reported_version)
            WHERE t.hub = w.hub AND t.device_id = w.device_id AND t.module_id = w.module_id
            """,
            ("Hubs", null),
            ("Devices", null),
            ("Modules", null),
            ("Versions", null),
            ("Reported", null),
            ("Metadata", null),
            ("ReportedVersions", null));
        Address(command, [.. states.Select(state => state.Key)], first: 0);
        command.Parameters[3].Value = states.Select(state => state.Value.TwinVersion).ToArray();
        command.Parameters[4].Value = states.Select(state => state.Value.Reported).ToArray();
        command.Parameters[5].Value = states.Select(state => state.Value.Metadata).ToArray();
        command.Parameters[6].Value = states.Select(state => state.Value.Version).ToArray();
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Address(DbCommand command, IReadOnlyList<TwinPlace> places, int first)
    {
        command.Parameters[first].Value = places.Select(place => place.Hub.Value).ToArray();
        command.Parameters[first + 1].Value = places.Select(place => place.Key.Device.Value).ToArray();
        command.Parameters[first + 2].Value = places.Select(place => place.Key.Module?.Value ?? "").ToArray();
    }
}
