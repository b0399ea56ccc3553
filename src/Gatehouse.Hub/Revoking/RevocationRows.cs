using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Revoking;

/// <summary>SQL of <c>revocations</c> and <c>revocation_changes</c> (Schema/0028).</summary>
internal static class RevocationRows
{
    private const string Select = """
        SELECT hub AS Hub, mark AS Mark, kind AS Kind, reason AS Reason, note AS Note, subject AS Subject, issuer AS Issuer, serial_number AS SerialNumber,
          authority AS Authority, actor AS Actor, created AS Created, sequence AS Sequence
        FROM revocations WHERE hub = @Hub
        """;

    internal static async Task<IReadOnlyList<RevocationChange>> ReadChangesAsync(DbConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevocationChange>(new CommandDefinition(
            "SELECT hub AS Hub, sequence AS Sequence, undone AS Undone FROM revocation_changes", cancellationToken: cancellationToken))];

    /// <summary>Entries that were written after a change; all after 0.</summary>
    internal static async Task<IReadOnlyList<RevocationRow>> ReadAfterAsync(DbConnection connection, string hub, long sequence, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevocationRow>(new CommandDefinition(
            $"{Select} AND sequence > @Sequence ORDER BY sequence", new { Hub = hub, Sequence = sequence }, cancellationToken: cancellationToken))];

    /// <summary>The newest first, before a place in the order.</summary>
    internal static async Task<IReadOnlyList<RevocationRow>> ListAsync(DbConnection connection, HubName hub, long before, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevocationRow>(new CommandDefinition(
            $"{Select} AND sequence < @Before ORDER BY sequence DESC LIMIT @Max", new { Hub = hub.Value, Before = before, Max = max }, cancellationToken: cancellationToken))];

    internal static Task<RevocationRow?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, CertificateMark mark, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<RevocationRow>(new CommandDefinition(
            $"{Select} AND mark = @Mark", new { Hub = hub.Value, Mark = mark.ToString() }, transaction, cancellationToken: cancellationToken));

    internal static Task<long> CountAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM revocations WHERE hub = @hub", new { hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>The number of a change that is about to be made; its hub is locked.</summary>
    internal static Task<long> NextAsync(WriteTransaction write, HubName hub, bool isUndone, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            INSERT INTO revocation_changes (hub, sequence, undone) VALUES (@hub, 1, CASE WHEN @isUndone = 1 THEN 1 ELSE 0 END)
            ON CONFLICT (hub) DO UPDATE SET sequence = revocation_changes.sequence + 1,
              undone = CASE WHEN @isUndone = 1 THEN revocation_changes.sequence + 1 ELSE revocation_changes.undone END
            RETURNING sequence
            """,
            new { hub = hub.Value, isUndone = isUndone ? 1 : 0 },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task SaveAsync(WriteTransaction write, RevocationRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO revocations (hub, mark, kind, reason, note, subject, issuer, serial_number, authority, actor, created, sequence)
            VALUES (@Hub, @Mark, @Kind, @Reason, @Note, @Subject, @Issuer, @SerialNumber, @Authority, @Actor, @Created, @Sequence)
            ON CONFLICT (hub, mark) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, note = excluded.note, subject = excluded.subject, issuer = excluded.issuer,
              serial_number = excluded.serial_number, authority = excluded.authority, actor = excluded.actor, created = excluded.created, sequence = excluded.sequence
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, RevocationRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM revocations WHERE hub = @Hub AND mark = @Mark", row, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Devices and modules that are registered with one of these thumbprints. Reads every identity of the hub: for rehearsals.</summary>
    internal static async Task<IReadOnlyList<string>> FindRegisteredAsync(DbConnection connection, SqlDialect dialect, HubName hub, string[] thumbprints, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            SELECT CASE WHEN module_id = '' THEN device_id ELSE device_id || '/' || module_id END FROM identities
            WHERE hub = @hub AND (UPPER(primary_thumbprint) {dialect.AnyOf("@thumbprints")} OR UPPER(secondary_thumbprint) {dialect.AnyOf("@thumbprints")})
            ORDER BY device_id, module_id LIMIT @max
            """,
            new { hub = hub.Value, thumbprints, max },
            cancellationToken: cancellationToken))];
}
