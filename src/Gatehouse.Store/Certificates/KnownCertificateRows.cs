using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Certificates;

namespace Gatehouse.Store.Certificates;

/// <summary>SQL of <c>known_certificates</c> (Schema/0045). Writes are for rooms, in transactions of theirs.</summary>
public static class KnownCertificateRows
{
    private const string Columns = """
        r.tenant AS Tenant, r.owner AS Owner, r.module AS Module, r.thumbprint AS Thumbprint, r.kind AS Kind, r.subject AS Subject, r.issuer AS Issuer, r.serial AS Serial, r.key_type AS KeyType,
        r.not_before AS NotBefore, r.not_after AS NotAfter, r.authority AS Authority, r.is_current AS IsCurrent, r.first_seen AS FirstSeen, r.last_seen AS LastSeen, r.next_alarm AS NextAlarm
        """;

    /// <summary>Certificates of one owner; more are left out until others have been forgotten. Whoever holds a CA can make as many as it likes. Source: own.</summary>
    internal const int MaxPerOwner = 256;

    /// <summary>The same above all devices of a tenant.</summary>
    internal const int MaxAbove = 1_024;

    /// <summary>Whether nothing newer lets the owner of row r in: then it fails when this one ends.</summary>
    internal const string IsNewest = """
        r.is_current = 1 AND NOT EXISTS (
          SELECT 1 FROM known_certificates n
          WHERE n.tenant = r.tenant AND n.owner = r.owner AND n.module = r.module AND n.is_current = 1
            AND (n.not_before > r.not_before OR (n.not_before = r.not_before AND n.not_after > r.not_after)))
        """;

    /// <summary>What was seen, or issued. Later times win, whichever node writes last; of one that is there already only the times change, and a device that comes again has it again.</summary>
    internal static Task SaveAsync(WriteTransaction write, IEnumerable<KnownCertificate> rows, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"""
            INSERT INTO known_certificates (tenant, owner, module, thumbprint, kind, subject, issuer, serial, key_type, not_before, not_after, authority, is_current, first_seen, last_seen, next_alarm)
            SELECT @Tenant, @Owner, @Module, @Thumbprint, @Kind, @Subject, @Issuer, @Serial, @KeyType, @NotBefore, @NotAfter, @Authority, @IsCurrent, @FirstSeen, @LastSeen, @NextAlarm
            WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM known_certificates k WHERE k.tenant = @Tenant AND k.owner = @Owner AND k.module = @Module LIMIT {MaxAbove}) c)
                < CASE WHEN @Owner = '' THEN {MaxAbove} ELSE {MaxPerOwner} END
              OR EXISTS (SELECT 1 FROM known_certificates k WHERE k.tenant = @Tenant AND k.owner = @Owner AND k.module = @Module AND k.thumbprint = @Thumbprint)
            ON CONFLICT (tenant, owner, module, thumbprint) DO UPDATE SET last_seen = excluded.last_seen,
              authority = CASE WHEN known_certificates.kind = '{CertificateKinds.Device}' THEN excluded.authority ELSE known_certificates.authority END,
              next_alarm = CASE WHEN known_certificates.kind = '{CertificateKinds.Device}' AND known_certificates.is_current = 0 THEN excluded.next_alarm ELSE known_certificates.next_alarm END,
              is_current = CASE WHEN known_certificates.kind = '{CertificateKinds.Device}' THEN 1 ELSE known_certificates.is_current END
            WHERE excluded.last_seen > known_certificates.last_seen
            """,
            rows,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>What somebody had lets nobody in any more: its owner is gone, or was given something else.</summary>
    /// <param name="write">The transaction.</param>
    /// <param name="tenant">Hub or provisioning service.</param>
    /// <param name="owner">Device id, or registration id in lower case.</param>
    /// <param name="module">Null: the device with all its modules.</param>
    /// <param name="kind">Null: all kinds.</param>
    /// <param name="cancellationToken">Of the transaction.</param>
    public static Task RetireAsync(WriteTransaction write, string tenant, string owner, string? module, string? kind, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            $"""
            UPDATE known_certificates SET is_current = 0, next_alarm = 0
            WHERE tenant = @tenant AND owner = @owner AND is_current = 1 {(module is null ? "" : "AND module = @module")} {(kind is null ? "" : "AND kind = @kind")}
            """,
            new { tenant, owner, module, kind },
            cancellationToken);

    /// <summary>One certificate lets nobody in any more.</summary>
    public static Task RevokeAsync(WriteTransaction write, string tenant, string owner, string thumbprint, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            "UPDATE known_certificates SET is_current = 0, next_alarm = 0 WHERE tenant = @tenant AND owner = @owner AND module = '' AND thumbprint = @thumbprint",
            new { tenant, owner, thumbprint },
            cancellationToken);

    /// <summary>Of one kind, those after a place in the order of their ends; each page costs what is on it.</summary>
    internal static async Task<IReadOnlyList<KnownCertificate>> ListAsync(
        DbConnection connection, string tenant, string kind, InventoryFilter filter, InventoryPlace after, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<KnownCertificate>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM known_certificates r WHERE r.tenant = @tenant AND r.kind = @kind {(filter.Issuer is null ? "" : "AND r.issuer = @issuer")}
              AND r.not_after >= @end AND {Beyond(kind, after)} {(filter.EndsBefore is null ? "" : "AND r.not_after < @before")}
            ORDER BY r.not_after, r.thumbprint, r.owner, r.module LIMIT @max
            """,
            new { tenant, kind, issuer = filter.Issuer, end = after.End, thumbprint = after.Thumbprint, owner = after.Owner, module = after.Module, before = filter.EndsBefore, max },
            cancellationToken: cancellationToken))];

    /// <summary>Of one kind of devices' certificates, those that end within a time and that nothing newer has taken the place of.</summary>
    internal static async Task<IReadOnlyList<KnownCertificate>> ListFailingAsync(
        DbConnection connection, string tenant, string kind, long before, InventoryPlace after, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<KnownCertificate>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM known_certificates r WHERE r.tenant = @tenant AND r.kind = @kind AND r.not_after >= @end AND r.not_after < @before AND {Beyond(kind, after)} AND {IsNewest}
            ORDER BY r.not_after, r.thumbprint, r.owner, r.module LIMIT @max
            """,
            new { tenant, kind, before, end = after.End, thumbprint = after.Thumbprint, owner = after.Owner, module = after.Module, max },
            cancellationToken: cancellationToken))];

    /// <summary>Of one kind, for each day of UTC how many end on it, and how many owners fail then.</summary>
    internal static async Task<IReadOnlyList<EndingDay>> CountEndsAsync(DbConnection connection, string tenant, string kind, long from, long before, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<EndingDay>(new CommandDefinition(
            $"""
            SELECT r.not_after / {TimeSpan.TicksPerDay} AS Day, COUNT(*) AS Certificates, SUM(CASE WHEN {IsNewest} THEN 1 ELSE 0 END) AS Failing
            FROM known_certificates r WHERE r.tenant = @tenant AND r.kind = @kind AND r.not_after >= @from AND r.not_after < @before AND r.is_current = 1
            GROUP BY r.not_after / {TimeSpan.TicksPerDay}
            """,
            new { tenant, kind, from, before },
            cancellationToken: cancellationToken))];

    /// <summary>Owners whose certificates led to a CA, or were issued by it.</summary>
    internal static Task<long> CountBelowAsync(DbConnection connection, string tenant, string authority, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(DISTINCT r.owner || '/' || r.module) FROM known_certificates r WHERE r.tenant = @tenant AND r.authority = @authority AND r.authority <> '' AND r.is_current = 1",
            new { tenant, authority },
            cancellationToken: cancellationToken));

    /// <summary>Owners whose certificates name an issuer.</summary>
    internal static Task<long> CountIssuedByAsync(DbConnection connection, string tenant, string issuer, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"""
            SELECT COUNT(DISTINCT r.owner || '/' || r.module) FROM known_certificates r
            WHERE r.tenant = @tenant AND r.issuer = @issuer AND r.kind IN ('{CertificateKinds.Device}', '{CertificateKinds.Issued}') AND r.is_current = 1
            """,
            new { tenant, issuer },
            cancellationToken: cancellationToken));

    /// <summary>When somebody was last seen below a CA; 0 for never.</summary>
    internal static Task<long> LastSeenBelowAsync(DbConnection connection, string tenant, string authority, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COALESCE(MAX(r.last_seen), 0) FROM known_certificates r WHERE r.tenant = @tenant AND r.authority = @authority AND r.authority <> ''",
            new { tenant, authority },
            cancellationToken: cancellationToken));

    /// <summary>Has every certificate looked at that may yet ring, if the thresholds are others than those that the alarms were set by.</summary>
    internal static async Task RescheduleAsync(WriteTransaction write, string thresholds, long now, CancellationToken cancellationToken)
    {
        var areOthers = await write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO certificate_alarm_thresholds (one, days) VALUES (1, @thresholds)
            ON CONFLICT (one) DO UPDATE SET days = excluded.days WHERE certificate_alarm_thresholds.days <> excluded.days
            """,
            new { thresholds },
            write.Transaction,
            cancellationToken: cancellationToken)) > 0;
        if (areOthers)
        {
            await ExecuteAsync(write, "UPDATE known_certificates SET next_alarm = 1 WHERE is_current = 1 AND not_after > @now", new { now }, cancellationToken);
        }
    }

    /// <summary>Of all tenants, those whose alarms are due, the longest due first; each with whether its owner has nothing newer.</summary>
    internal static async Task<IReadOnlyList<DueCertificate>> ListDueAsync(DbConnection connection, long now, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<KnownCertificate, long, DueCertificate>(
            new CommandDefinition(
                $"""
                SELECT {Columns}, CAST(CASE WHEN {IsNewest} THEN 1 ELSE 0 END AS BIGINT) AS IsNewest
                FROM known_certificates r WHERE r.next_alarm > 0 AND r.next_alarm <= @now ORDER BY r.next_alarm LIMIT @max
                """,
                new { now, max },
                cancellationToken: cancellationToken),
            static (row, newest) => new DueCertificate(row, newest != 0),
            splitOn: "IsNewest")];

    /// <summary>Sets when each is to be looked at next, where nobody else has meanwhile.</summary>
    internal static Task PostponeAsync(WriteTransaction write, IEnumerable<Postponed> rows, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            """
            UPDATE known_certificates SET next_alarm = @Next
            WHERE tenant = @Tenant AND owner = @Owner AND module = @Module AND thumbprint = @Thumbprint AND next_alarm = @Due
            """,
            rows,
            cancellationToken);

    /// <summary>Forgets some of a kind that ended long ago.</summary>
    internal static Task<int> SweepAsync(WriteTransaction write, string tenant, string kind, long endedBefore, int max, CancellationToken cancellationToken) =>
        ExecuteAsync(
            write,
            """
            DELETE FROM known_certificates WHERE (tenant, owner, module, thumbprint) IN (
              SELECT r.tenant, r.owner, r.module, r.thumbprint FROM known_certificates r WHERE r.tenant = @tenant AND r.kind = @kind AND r.not_after < @endedBefore ORDER BY r.not_after LIMIT @max)
            """,
            new { tenant, kind, endedBefore, max },
            cancellationToken);

    /// <summary>Whose rows there are.</summary>
    internal static async Task<IReadOnlyList<string>> TenantsAsync(DbConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            WITH RECURSIVE t(tenant) AS (
              SELECT MIN(tenant) FROM known_certificates
              UNION ALL SELECT (SELECT MIN(k.tenant) FROM known_certificates k WHERE k.tenant > t.tenant) FROM t WHERE t.tenant IS NOT NULL)
            SELECT tenant FROM t WHERE tenant IS NOT NULL
            """,
            cancellationToken: cancellationToken))];

    // Kinds have an order within one place: those before the place's own have been given out with it, those behind it not yet.
    private static string Beyond(string kind, InventoryPlace after) => string.CompareOrdinal(kind, after.Kind) switch
    {
        0 => "(r.not_after, r.thumbprint, r.owner, r.module) > (@end, @thumbprint, @owner, @module)",
        > 0 => "(r.not_after, r.thumbprint) >= (@end, @thumbprint)",
        _ => "(r.not_after, r.thumbprint) > (@end, @thumbprint)",
    };

    private static Task<int> ExecuteAsync(WriteTransaction write, string sql, object values, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(sql, values, write.Transaction, cancellationToken: cancellationToken));
}

/// <summary>What ends on a day.</summary>
internal sealed record EndingDay
{
    /// <summary>Days since 0001-01-01 UTC.</summary>
    public long Day { get; init; }

    public long Certificates { get; init; }

    public long Failing { get; init; }
}

/// <param name="Certificate">Whose alarm is due.</param>
/// <param name="IsNewest">Whether its owner has nothing newer.</param>
internal sealed record DueCertificate(KnownCertificate Certificate, bool IsNewest);

/// <param name="Tenant">Whose.</param>
/// <param name="Owner">Of the row, as the next two.</param>
/// <param name="Module">Empty for a device.</param>
/// <param name="Thumbprint">SHA-256.</param>
/// <param name="Due">As it was read.</param>
/// <param name="Next">0 for no more.</param>
internal sealed record Postponed(string Tenant, string Owner, string Module, string Thumbprint, long Due, long Next);
