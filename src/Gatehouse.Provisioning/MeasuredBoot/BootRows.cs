using System.Data.Common;
using Dapper;
using Gatehouse.Provisioning.Registrations;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.MeasuredBoot;

/// <summary>SQL of what the <c>registrations</c> table knows of measured boots (Schema/0025).</summary>
internal static class BootRows
{
    private const string One = "service = @Service AND id = @Id";

    /// <summary>Writes what is known of the boot, the status and the ETag; the caller holds the row.</summary>
    internal static Task UpdateAsync(WriteTransaction transaction, RegistrationRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"""
            UPDATE registrations SET boot_round = @BootRound, boot_state = @BootState, boot_due = @BootDue, boot_quarantined = @BootQuarantined, boot_pending = @BootPending, boot_tried = @BootTried,
              status = @Status, etag = @Etag, changed = @Changed
            WHERE {One}
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>A device that was never registered. False when it has been meanwhile.</summary>
    internal static async Task<bool> InsertAsync(WriteTransaction transaction, RegistrationRow row, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO registrations (service, id, name, enrollment_kind, enrollment_id, operation_id, status, substatus, host_name, device_id, error_code, error_message, etag, evidence, created, changed,
              boot_round, boot_state, boot_due, boot_quarantined, boot_pending, boot_tried)
            VALUES (@Service, @Id, @Name, @EnrollmentKind, @EnrollmentId, @OperationId, @Status, @Substatus, @HostName, @DeviceId, @ErrorCode, @ErrorMessage, @Etag, @Evidence, @Created, @Changed,
              @BootRound, @BootState, @BootDue, @BootQuarantined, @BootPending, @BootTried)
            ON CONFLICT (service, id) DO NOTHING
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken)) == 1;

    /// <summary>The hub has been told, unless something has changed since.</summary>
    internal static Task EndWorkAsync(WriteTransaction transaction, RegistrationRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE registrations SET boot_pending = 0 WHERE {One} AND boot_round = @BootRound AND boot_pending = @BootPending", row, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Takes work that nobody has tried since then; false when somebody else was first.</summary>
    internal static async Task<bool> TakeWorkAsync(WriteTransaction transaction, RegistrationRow row, long now, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE registrations SET boot_tried = @Now WHERE {One} AND boot_tried = @BootTried AND boot_pending > 0",
            new { row.Service, row.Id, row.BootTried, Now = now },
            transaction.Transaction,
            cancellationToken: cancellationToken)) == 1;

    /// <summary>Devices whose quote is due, the longest first.</summary>
    internal static async Task<IReadOnlyList<RegistrationRow>> FindDueAsync(DbConnection connection, long now, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RegistrationRow>(new CommandDefinition(
            $"{RegistrationRows.Columns} WHERE boot_due > 0 AND boot_due <= @Now ORDER BY boot_due LIMIT @Count", new { Now = now, Count = count }, cancellationToken: cancellationToken))];

    /// <summary>Devices whose hub has not been told, and that nobody has tried since then.</summary>
    internal static async Task<IReadOnlyList<RegistrationRow>> FindWorkAsync(DbConnection connection, long triedBefore, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RegistrationRow>(new CommandDefinition(
            $"{RegistrationRows.Columns} WHERE boot_pending > 0 AND boot_tried < @Before ORDER BY boot_tried LIMIT @Count", new { Before = triedBefore, Count = count }, cancellationToken: cancellationToken))];
}
