using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>SQL of <c>provisioning_key_rolls</c> (Schema/0039).</summary>
internal static class KeyRollRows
{
    private const string Select = """
        SELECT service AS Service, roll_id AS RollId, kind AS Kind, enrollment AS Enrollment, generation AS Generation, is_primary AS IsPrimary, old_key AS OldKey, actor AS Actor,
          after_id AS AfterId, passes AS Passes, due AS Due
        FROM provisioning_key_rolls
        """;

    /// <summary>Rolls that are due.</summary>
    internal static async Task<IReadOnlyList<KeyRollRow>> FindDueAsync(DbConnection connection, long now, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<KeyRollRow>(new CommandDefinition($"{Select} WHERE due <= @now ORDER BY due, roll_id", new { now }, cancellationToken: cancellationToken))];

    internal static Task InsertAsync(WriteTransaction write, KeyRollRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO provisioning_key_rolls (service, roll_id, kind, enrollment, generation, is_primary, old_key, actor, after_id, passes, due)
        VALUES (@Service, @RollId, @Kind, @Enrollment, @Generation, @IsPrimary, @OldKey, @Actor, @AfterId, @Passes, @Due)
        """,
        row,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Takes or keeps a roll for a node. False while another has it; a lease that ends later than any that is given now was given before the clock was set back.</summary>
    internal static async Task<bool> TakeAsync(WriteTransaction write, KeyRollRow row, string owner, long now, long until, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE provisioning_key_rolls SET owner = @owner, leased_until = @until
            WHERE service = @Service AND roll_id = @RollId AND (owner = @owner OR owner = '' OR leased_until < @now OR leased_until > @until)
            """,
            new { row.Service, row.RollId, owner, now, until },
            write.Transaction,
            cancellationToken: cancellationToken)) == 1;

    /// <summary>How far it has come.</summary>
    internal static Task UpdateAsync(WriteTransaction write, KeyRollRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE provisioning_key_rolls SET after_id = @AfterId, passes = @Passes, due = @Due WHERE service = @Service AND roll_id = @RollId", row, write.Transaction, cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, KeyRollRow row, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "DELETE FROM provisioning_key_rolls WHERE service = @Service AND roll_id = @RollId", row, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Whether a roll of this enrollment has not been through once.</summary>
    internal static async Task<bool> IsOpenAsync(WriteTransaction write, HubName service, EnrollmentKey enrollment, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM provisioning_key_rolls WHERE service = @Service AND kind = @Kind AND enrollment = @Enrollment AND passes = 0",
            new { Service = service.Value, Kind = (long)enrollment.Kind, Enrollment = enrollment.Id },
            write.Transaction,
            cancellationToken: cancellationToken)) > 0;

    /// <summary>Devices of an enrollment in hubs of other servers.</summary>
    internal static Task<long> CountElsewhereAsync(DbConnection connection, HubName service, EnrollmentKey enrollment, DbTransaction? transaction, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            SELECT COUNT(*) FROM registrations r JOIN linked_hubs h ON h.service = r.service AND h.host_name = r.host_name
            WHERE r.service = @Service AND r.enrollment_kind = @Kind AND r.enrollment_id = @Enrollment AND h.connection IS NOT NULL
            """,
            new { Service = service.Value, Kind = (long)enrollment.Kind, Enrollment = enrollment.Id },
            transaction,
            cancellationToken: cancellationToken));
}
