using System.Data;
using System.Data.Common;
using Gatehouse.Store;

namespace Gatehouse.Hub.Twins;

/// <summary>For SQLite: a statement costs no round trip.</summary>
internal sealed class ReportRowsInTurn(WriteTransaction transaction) : ReportRows(transaction)
{
    private const string One = "hub = @Hub AND device_id = @DeviceId AND module_id = @ModuleId";

    internal override async Task<Dictionary<TwinPlace, ReportedState>> FindAsync(IReadOnlyList<TwinPlace> places, CancellationToken cancellationToken)
    {
        await using var command = Command(
            $"SELECT generation_id, reported, reported_metadata, reported_version, version, model_id FROM twins WHERE {One}", ("Hub", DbType.String), ("DeviceId", DbType.String), ("ModuleId", DbType.String));
        var found = new Dictionary<TwinPlace, ReportedState>(places.Count);
        foreach (var place in places)
        {
            Address(command, place, first: 0);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
            {
                found[place] = new ReportedState(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4), await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5));
            }
        }

        return found;
    }

    internal override async Task SaveAsync(IReadOnlyList<KeyValuePair<TwinPlace, ReportedState>> states, CancellationToken cancellationToken)
    {
        await using var command = Command(
            $"""
            UPDATE twins SET etag = etag + (@Version - version), version = @Version, reported = @Reported, reported_metadata = @Metadata, reported_version = @ReportedVersion
            WHERE {One}
            """,
            ("Version", DbType.Int64),
            ("Reported", DbType.String),
            ("Metadata", DbType.String),
            ("ReportedVersion", DbType.Int64),
            ("Hub", DbType.String),
            ("DeviceId", DbType.String),
            ("ModuleId", DbType.String));
        foreach (var (place, state) in states)
        {
            command.Parameters[0].Value = state.TwinVersion;
            command.Parameters[1].Value = state.Reported;
            command.Parameters[2].Value = state.Metadata;
            command.Parameters[3].Value = state.Version;
            Address(command, place, first: 4);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static void Address(DbCommand command, TwinPlace place, int first)
    {
        command.Parameters[first].Value = place.Hub.Value;
        command.Parameters[first + 1].Value = place.Key.Device.Value;
        command.Parameters[first + 2].Value = place.Key.Module?.Value ?? "";
    }
}
