using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Certificates;

namespace Gatehouse.Store.Certificates;

/// <summary>SQL of <c>certificate_alarms</c> (Schema/0045).</summary>
internal static class CertificateAlarmRows
{
    private const string Select = """
        SELECT a.tenant AS Tenant, a.id AS Id, a.kind AS Kind, a.owner AS Owner, a.module AS Module, a.thumbprint AS Thumbprint, a.subject AS Subject, a.issuer AS Issuer,
          a.not_after AS NotAfter, a.days AS Days, a.raised AS Raised, a.closed AS Closed, a.closed_by AS ClosedBy, a.is_open AS IsOpen
        FROM certificate_alarms a
        """;

    internal static async Task<IReadOnlyList<CertificateAlarm>> ListAsync(DbConnection connection, string tenant, bool isOpen, AlarmPlace after, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<CertificateAlarm>(new CommandDefinition(
            $"{Select} WHERE a.tenant = @tenant AND a.is_open = @open AND a.not_after >= @End AND (a.not_after, a.id) > (@End, @Id) ORDER BY a.not_after, a.id LIMIT @max",
            new { tenant, open = isOpen ? 1L : 0L, after.End, after.Id, max },
            cancellationToken: cancellationToken))];

    /// <summary>Open ones of some kinds.</summary>
    internal static async Task<IReadOnlyList<CertificateAlarm>> ListKindsAsync(DbConnection connection, SqlDialect dialect, string tenant, string[] kinds, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<CertificateAlarm>(new CommandDefinition(
            $"{Select} WHERE a.tenant = @tenant AND a.is_open = 1 AND a.kind {dialect.AnyOf("@kinds")} ORDER BY a.not_after, a.id LIMIT @max",
            new { tenant, kinds, max },
            cancellationToken: cancellationToken))];

    internal static Task<CertificateAlarm?> FindAsync(DbConnection connection, string tenant, string id, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<CertificateAlarm>(new CommandDefinition(
            $"{Select} WHERE a.tenant = @tenant AND a.id = @id", new { tenant, id }, cancellationToken: cancellationToken));

    /// <summary>False for one that was raised before.</summary>
    internal static async Task<bool> RaiseAsync(WriteTransaction write, CertificateAlarm alarm, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            write,
            """
            INSERT INTO certificate_alarms (tenant, id, kind, owner, module, thumbprint, subject, issuer, not_after, days, raised, closed, closed_by, is_open)
            VALUES (@Tenant, @Id, @Kind, @Owner, @Module, @Thumbprint, @Subject, @Issuer, @NotAfter, @Days, @Raised, 0, '', 1)
            ON CONFLICT (tenant, id) DO NOTHING
            """,
            alarm,
            cancellationToken) == 1;

    /// <summary>Those of the same certificate and owner that an alarm of a nearer threshold takes the place of.</summary>
    internal static Task CloseFormerAsync(WriteTransaction write, CertificateAlarm alarm, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            """
            UPDATE certificate_alarms SET is_open = 0, closed = @Raised, closed_by = 'server'
            WHERE tenant = @Tenant AND is_open = 1 AND not_after = @NotAfter AND thumbprint = @Thumbprint AND kind = @Kind AND owner = @Owner AND module = @Module AND days > @Days
            """,
            alarm,
            cancellationToken);

    internal static Task<int> CloseAsync(WriteTransaction write, string tenant, string[] ids, SqlDialect dialect, string by, long now, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            $"UPDATE certificate_alarms SET is_open = 0, closed = @now, closed_by = @by WHERE tenant = @tenant AND id {dialect.AnyOf("@ids")} AND is_open = 1",
            new { tenant, ids, by, now },
            cancellationToken);

    /// <summary>Open ones about devices that have something newer meanwhile, or whose certificate lets nobody in any more.</summary>
    internal static async Task<IReadOnlyList<string>> ListVoidAsync(DbConnection connection, string tenant, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            SELECT a.id FROM certificate_alarms a
            WHERE a.tenant = @tenant AND a.is_open = 1 AND a.kind IN ('{CertificateKinds.Device}', '{CertificateKinds.Issued}') AND NOT EXISTS (
              SELECT 1 FROM known_certificates r
              WHERE r.tenant = a.tenant AND r.owner = a.owner AND r.module = a.module AND r.thumbprint = a.thumbprint AND {KnownCertificateRows.IsNewest})
            ORDER BY a.not_after, a.id LIMIT @max
            """,
            new { tenant, max },
            cancellationToken: cancellationToken))];

    internal static Task<int> SweepAsync(WriteTransaction write, string tenant, long isOpen, long endedBefore, int max, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            """
            DELETE FROM certificate_alarms WHERE (tenant, id) IN (
              SELECT a.tenant, a.id FROM certificate_alarms a WHERE a.tenant = @tenant AND a.is_open = @isOpen AND a.not_after < @endedBefore ORDER BY a.not_after LIMIT @max)
            """,
            new { tenant, isOpen, endedBefore, max },
            cancellationToken);

    private static Task<int> ExecuteAsync(WriteTransaction write, string sql, object values, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(sql, values, write.Transaction, cancellationToken: cancellationToken));
}
