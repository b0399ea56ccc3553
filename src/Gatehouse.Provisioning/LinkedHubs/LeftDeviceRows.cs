using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.LinkedHubs;

/// <summary>SQL of the <c>left_devices</c> table.</summary>
internal static class LeftDeviceRows
{
    private const string Place = "service = @Service AND host_name = @HostName AND device_id = @DeviceId";

    internal static async Task<IReadOnlyList<LeftDevice>> ListDueAsync(DbConnection connection, long now, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<LeftDevice>(new CommandDefinition(
            """
            SELECT service AS Service, host_name AS HostName, device_id AS DeviceId, registration AS Registration, attempts AS Attempts, next_attempt AS NextAttempt, problem AS Problem, created AS Created
            FROM left_devices WHERE next_attempt <= @Now ORDER BY next_attempt LIMIT @Count
            """,
            new { Now = now, Count = count },
            cancellationToken: cancellationToken))];

    internal static async Task<bool> ExistsAsync(DbConnection connection, HubName service, string hostName, string deviceId, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT COUNT(*) FROM left_devices WHERE {Place}", new { Service = service.Value, HostName = hostName, DeviceId = deviceId }, cancellationToken: cancellationToken)) > 0;

    internal static Task SaveAsync(WriteTransaction transaction, LeftDevice row, CancellationToken cancellationToken) => ExecuteAsync(
        transaction,
        """
        INSERT INTO left_devices (service, host_name, device_id, registration, attempts, next_attempt, problem, created)
        VALUES (@Service, @HostName, @DeviceId, @Registration, @Attempts, @NextAttempt, @Problem, @Created)
        ON CONFLICT (service, host_name, device_id) DO UPDATE SET registration = excluded.registration, attempts = excluded.attempts, next_attempt = excluded.next_attempt, problem = excluded.problem
        """,
        row,
        cancellationToken);

    /// <summary>Only when it is still there: somebody may have taken the device meanwhile.</summary>
    internal static Task PutOffAsync(WriteTransaction transaction, LeftDevice row, CancellationToken cancellationToken) =>
        ExecuteAsync(transaction, $"UPDATE left_devices SET attempts = @Attempts, next_attempt = @NextAttempt, problem = @Problem WHERE {Place}", row, cancellationToken);

    /// <summary>Whether there was one.</summary>
    internal static async Task<bool> DeleteAsync(WriteTransaction transaction, HubName service, string hostName, string deviceId, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM left_devices WHERE {Place}", new { Service = service.Value, HostName = hostName, DeviceId = deviceId }, transaction.Transaction, cancellationToken: cancellationToken)) > 0;

    private static Task<int> ExecuteAsync(WriteTransaction transaction, string sql, LeftDevice row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(sql, row, transaction.Transaction, cancellationToken: cancellationToken));
}
