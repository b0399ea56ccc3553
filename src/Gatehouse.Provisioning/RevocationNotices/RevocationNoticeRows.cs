using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.RevocationNotices;

/// <summary>SQL of the <c>revocation_notices</c> table (Schema/0041).</summary>
internal static class RevocationNoticeRows
{
    private const string Select = """
        SELECT service AS Service, host_name AS HostName, serial AS Serial, hub AS Hub, thumbprint AS Thumbprint, reason AS Reason, registration AS Registration, device_id AS DeviceId, actor AS Actor,
          attempts AS Attempts, next_attempt AS NextAttempt, problem AS Problem
        FROM revocation_notices
        """;

    private const string Place = "service = @Service AND host_name = @HostName AND serial = @Serial";

    /// <summary>Those whose time has come, the first one first; and what is later than anything is put off to, for then the clock was set back.</summary>
    internal static async Task<IReadOnlyList<RevocationNotice>> ListDueAsync(DbConnection connection, long now, long latest, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevocationNotice>(new CommandDefinition(
            $"{Select} WHERE next_attempt <= @Now OR next_attempt > @Latest ORDER BY next_attempt, serial LIMIT @Count", new { Now = now, Latest = latest, Count = count }, cancellationToken: cancellationToken))];

    /// <summary>Those of hubs of this server, after one in the order of their keys, whether their time has come or not.</summary>
    internal static async Task<IReadOnlyList<RevocationNotice>> ListHereAsync(DbConnection connection, RevocationNotice? after, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevocationNotice>(new CommandDefinition(
            $"{Select} WHERE hub <> '' AND (service, host_name, serial) > (@Service, @HostName, @Serial) ORDER BY service, host_name, serial LIMIT @Count",
            new { Service = after?.Service ?? "", HostName = after?.HostName ?? "", Serial = after?.Serial ?? "", Count = count },
            cancellationToken: cancellationToken))];

    /// <summary>Those of some certificates.</summary>
    internal static async Task<IReadOnlyList<RevocationNotice>> FindAsync(DbConnection connection, SqlDialect dialect, HubName service, string[] serials, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevocationNotice>(new CommandDefinition(
            $"{Select} WHERE service = @Service AND serial {dialect.AnyOf("@Serials")} ORDER BY host_name, serial", new { Service = service.Value, Serials = serials }, cancellationToken: cancellationToken))];

    /// <summary>One that is there already has its next attempt at once.</summary>
    internal static Task SaveAsync(WriteTransaction transaction, RevocationNotice row, CancellationToken cancellationToken) => ExecuteAsync(
        transaction,
        """
        INSERT INTO revocation_notices (service, host_name, serial, hub, thumbprint, reason, registration, device_id, actor, attempts, next_attempt, problem)
        VALUES (@Service, @HostName, @Serial, @Hub, @Thumbprint, @Reason, @Registration, @DeviceId, @Actor, @Attempts, @NextAttempt, @Problem)
        ON CONFLICT (service, host_name, serial) DO UPDATE SET next_attempt = excluded.next_attempt
        """,
        row,
        cancellationToken);

    /// <summary>One for each certificate of the service that is revoked and has not ended, for one hub.</summary>
    /// <param name="transaction">Writes.</param>
    /// <param name="ofHub">What is the same in all; its device is left open.</param>
    /// <param name="now">Those that end later count, and are tried at once.</param>
    /// <param name="cancellationToken">Of the transaction.</param>
    internal static Task SaveAllAsync(WriteTransaction transaction, RevocationNotice ofHub, long now, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO revocation_notices (service, host_name, serial, hub, thumbprint, reason, registration, device_id, actor, attempts, next_attempt, problem)
            SELECT c.service, @HostName, c.serial, @Hub, c.thumbprint, c.revocation_reason, c.registration_name, COALESCE(NULLIF(r.device_id, ''), c.registration_name), @Actor, 0, @Now, ''
            FROM issued_certificates c LEFT JOIN registrations r ON r.service = c.service AND r.id = c.registration_id
            WHERE c.service = @Service AND c.revoked <> 0 AND c.not_after > @Now
            ON CONFLICT (service, host_name, serial) DO UPDATE SET next_attempt = excluded.next_attempt
            """,
            new { ofHub.Service, ofHub.HostName, ofHub.Hub, ofHub.Actor, Now = now },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>All that are due for the hub of this one before its next attempt.</summary>
    internal static Task PutOffAsync(WriteTransaction transaction, RevocationNotice row, long latest, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE revocation_notices SET attempts = @Attempts, next_attempt = @NextAttempt, problem = @Problem
            WHERE service = @Service AND host_name = @HostName AND (next_attempt <= @NextAttempt OR next_attempt > @Latest)
            """,
            new { row.Service, row.HostName, row.Attempts, row.NextAttempt, row.Problem, Latest = latest },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Whether there was one.</summary>
    internal static async Task<bool> DeleteAsync(WriteTransaction transaction, RevocationNotice row, CancellationToken cancellationToken) =>
        await ExecuteAsync(transaction, $"DELETE FROM revocation_notices WHERE {Place}", row, cancellationToken) > 0;

    private static Task<int> ExecuteAsync(WriteTransaction transaction, string sql, RevocationNotice row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(sql, row, transaction.Transaction, cancellationToken: cancellationToken));
}
