using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Registrations;

/// <summary>SQL of the <c>registrations</c> table.</summary>
internal static class RegistrationRows
{
    /// <summary>Everything of the table; a condition follows.</summary>
    internal const string Columns = """
        SELECT service AS Service, id AS Id, name AS Name, enrollment_kind AS EnrollmentKind, enrollment_id AS EnrollmentId, operation_id AS OperationId, status AS Status, substatus AS Substatus,
          host_name AS HostName, device_id AS DeviceId, error_code AS ErrorCode, error_message AS ErrorMessage, etag AS Etag, evidence AS Evidence, created AS Created, changed AS Changed,
          boot_round AS BootRound, boot_state AS BootState, boot_due AS BootDue, boot_quarantined AS BootQuarantined, boot_pending AS BootPending, boot_tried AS BootTried
        FROM registrations
        """;

    private const string Select = $"{Columns} WHERE service = @Service";

    internal static Task<RegistrationRow?> FindAsync(DbConnection connection, HubName service, string id, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        connection.QuerySingleOrDefaultAsync<RegistrationRow>(new CommandDefinition($"{Select} AND id = @Id", new { Service = service.Value, Id = id }, transaction, cancellationToken: cancellationToken));

    /// <summary>Reads and locks.</summary>
    internal static Task<RegistrationRow?> LockAsync(WriteTransaction transaction, SqlDialect dialect, string service, string id, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<RegistrationRow>(new CommandDefinition(
            $"{Select} AND id = @Id{dialect.ForUpdate}", new { Service = service, Id = id }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>The newest registration through which a device is in a hub of this server; null when there is none.</summary>
    internal static Task<RegistrationRow?> FindByDeviceAsync(DbConnection connection, HubName hub, string deviceId, CancellationToken cancellationToken) =>
        connection.QueryFirstOrDefaultAsync<RegistrationRow>(new CommandDefinition(
            $"""
            {Columns} WHERE (service, host_name) IN (SELECT service, host_name FROM linked_hubs WHERE hub = @Hub) AND device_id = @Device AND status = @Assigned
            ORDER BY changed DESC LIMIT 1
            """,
            new { Hub = hub.Value, Device = deviceId, Assigned = (long)RegistrationStatus.Assigned },
            cancellationToken: cancellationToken));

    // The smallest name, not the first in the order of ids: for that order SQLite walks through all registrations of the service.
    internal const string SelectOther = "SELECT MIN(name) FROM registrations r WHERE service = @Service AND host_name = @HostName AND device_id = @DeviceId AND id <> @Id";

    internal const string SelectOwner = $"{SelectOther} AND EXISTS (SELECT 1 FROM enrollments e WHERE e.service = r.service AND e.kind = r.enrollment_kind AND e.id = r.enrollment_id)";

    /// <summary>Another registration that has this device in this hub, whether its enrollment is still there or not; null when there is none.</summary>
    internal static Task<string?> FindOtherAsync(DbConnection connection, HubName service, string hostName, string deviceId, string exceptId, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            SelectOther,
            new { Service = service.Value, HostName = hostName, DeviceId = deviceId, Id = exceptId },
            cancellationToken: cancellationToken));

    /// <summary>Another registration that has this device in this hub and whose enrollment is there; null when there is none.</summary>
    internal static Task<string?> FindOwnerAsync(DbConnection connection, HubName service, string hostName, string deviceId, string exceptId, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            SelectOwner,
            new { Service = service.Value, HostName = hostName, DeviceId = deviceId, Id = exceptId },
            cancellationToken: cancellationToken));

    /// <summary>Takes a device from the records of all registrations but the one that has it now; returns their names.</summary>
    internal static async Task<IReadOnlyList<string>> UnassignOthersAsync(WriteTransaction transaction, RegistrationRow owner, string etag, CancellationToken cancellationToken) =>
        [.. await transaction.Connection.QueryAsync<string>(new CommandDefinition(
            """
            UPDATE registrations SET host_name = '', device_id = '', status = @Unassigned, substatus = 0, error_code = 0, error_message = '', etag = @NewEtag, changed = @Changed
            WHERE service = @Service AND host_name = @HostName AND device_id = @DeviceId AND id <> @Id RETURNING name
            """,
            new { owner.Service, owner.HostName, owner.DeviceId, owner.Id, owner.Changed, NewEtag = etag, Unassigned = (long)RegistrationStatus.Unassigned },
            transaction.Transaction,
            cancellationToken: cancellationToken))];

    /// <summary>Registrations through one enrollment, in the order of ids, from after one on.</summary>
    internal static async Task<IReadOnlyList<RegistrationRow>> ListAsync(DbConnection connection, HubName service, EnrollmentKey enrollment, string after, int count, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        [.. await connection.QueryAsync<RegistrationRow>(new CommandDefinition(
            $"{Select} AND enrollment_kind = @Kind AND enrollment_id = @Enrollment AND id > @After ORDER BY id LIMIT @Count",
            new { Service = service.Value, Kind = (long)enrollment.Kind, Enrollment = enrollment.Id, After = after, Count = count },
            transaction,
            cancellationToken: cancellationToken))];

    /// <summary>False when there is another version by now than the one it was made from: another node has worked on the same registration.</summary>
    /// <param name="transaction">In which.</param>
    /// <param name="row">What it shall be.</param>
    /// <param name="before">ETag of what it was; null when there was nothing.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<bool> SaveAsync(WriteTransaction transaction, RegistrationRow row, string? before, CancellationToken cancellationToken)
    {
        var place = new DynamicParameters(row);
        place.Add("Before", before ?? "");
        return await transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO registrations (service, id, name, enrollment_kind, enrollment_id, operation_id, status, substatus, host_name, device_id, error_code, error_message, etag, evidence, created, changed)
            VALUES (@Service, @Id, @Name, @EnrollmentKind, @EnrollmentId, @OperationId, @Status, @Substatus, @HostName, @DeviceId, @ErrorCode, @ErrorMessage, @Etag, @Evidence, @Created, @Changed)
            ON CONFLICT (service, id) DO UPDATE SET enrollment_kind = excluded.enrollment_kind, enrollment_id = excluded.enrollment_id, operation_id = excluded.operation_id, status = excluded.status,
              substatus = excluded.substatus, host_name = excluded.host_name, device_id = excluded.device_id, error_code = excluded.error_code, error_message = excluded.error_message,
              etag = excluded.etag, evidence = excluded.evidence, changed = excluded.changed
            WHERE registrations.etag = @Before
            """,
            place,
            transaction.Transaction,
            cancellationToken: cancellationToken)) == 1;
    }

    /// <summary>Changes what is kept of the proof, of the version that was read and no other.</summary>
    internal static Task UpdateEvidenceAsync(WriteTransaction transaction, RegistrationRow read, string evidence, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE registrations SET evidence = @New WHERE service = @Service AND id = @Id AND etag = @Etag AND evidence = @Evidence",
            new { read.Service, read.Id, read.Etag, read.Evidence, New = evidence },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>A registration that has a device in this hub; null when there is none.</summary>
    internal static Task<string?> FindAssignedAsync(WriteTransaction transaction, HubName service, string hostName, CancellationToken cancellationToken) =>
        transaction.Connection.QueryFirstOrDefaultAsync<string?>(new CommandDefinition(
            "SELECT name FROM registrations WHERE service = @Service AND host_name = @HostName LIMIT 1", new { Service = service.Value, HostName = hostName }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>A hub is told under another name from now on.</summary>
    internal static Task RenameHubAsync(WriteTransaction transaction, SqlDialect dialect, HubName service, string[] before, string told, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE registrations SET host_name = @Told WHERE service = @Service AND host_name {dialect.AnyOf("@Before")}",
            new { Service = service.Value, Before = before, Told = told },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction transaction, RegistrationRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM registrations WHERE service = @Service AND id = @Id", row, transaction.Transaction, cancellationToken: cancellationToken));
}
