using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.UseTracking;

/// <summary>SQL of <c>provisioning_uses</c> (Schema/0038).</summary>
internal static class ProvisioningUseRows
{
    private const int MaxTotals = 10_000;

    private const string Columns = """
        SELECT u.service AS Service, u.kind AS Kind, u.owner AS Owner, u.registration AS Registration, u.credential AS Credential, u.generation AS Generation, u.mark AS Mark,
          u.first_used AS FirstUsed, u.last_used AS LastUsed, u.protocol AS Protocol, u.tls_version AS TlsVersion, u.cipher_suite AS CipherSuite,
          u.server_certificate AS ServerCertificate, u.server_issuer AS ServerIssuer, u.software AS Software
        FROM provisioning_uses u
        """;

    /// <summary>Later times win, whichever node writes last. One command for all rows, so that SQLite prepares its statement once.</summary>
    internal static Task SaveAsync(WriteTransaction write, IEnumerable<ProvisioningUse> uses, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO provisioning_uses (service, kind, owner, registration, credential, generation, mark, first_used, last_used, protocol, tls_version, cipher_suite, server_certificate, server_issuer, software)
            VALUES (@Service, @Kind, @Owner, @Registration, @Credential, @Generation, @Mark, @FirstUsed, @LastUsed, @Protocol, @TlsVersion, @CipherSuite, @ServerCertificate, @ServerIssuer, @Software)
            ON CONFLICT (service, kind, owner, registration, credential) DO UPDATE SET
              first_used = CASE WHEN provisioning_uses.generation = excluded.generation AND provisioning_uses.mark = excluded.mark THEN provisioning_uses.first_used ELSE excluded.first_used END,
              generation = excluded.generation, mark = excluded.mark, last_used = excluded.last_used, protocol = excluded.protocol, tls_version = excluded.tls_version,
              cipher_suite = excluded.cipher_suite, server_certificate = excluded.server_certificate, server_issuer = excluded.server_issuer,
              software = COALESCE(excluded.software, provisioning_uses.software)
            WHERE excluded.last_used >= provisioning_uses.last_used
            """,
            uses,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Who has used it since, in the order of ids. Back ends are one use, on each page.</summary>
    internal static async Task<IReadOnlyList<ProvisioningUse>> FindAsync(DbConnection connection, HubName service, KnownCredential known, long since, string after, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<ProvisioningUse>(new CommandDefinition(
            $"{Columns} WHERE {One} AND u.last_used >= @since AND (u.registration > @after OR u.registration = '') ORDER BY u.registration LIMIT @max",
            Place(service, known, since, after, max),
            cancellationToken: cancellationToken))];

    /// <summary>Ids of registrations through an enrollment, and of those that have used one of its credentials since, each once and in order.</summary>
    internal static async Task<IReadOnlyList<string>> ListIdsAsync(DbConnection connection, HubName service, KnownCredential known, long since, string after, int max, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            SELECT id FROM (
              SELECT id FROM (SELECT r.id AS id FROM registrations r WHERE r.service = @service AND r.enrollment_kind = @kind AND r.enrollment_id = @owner AND r.id > @after ORDER BY r.id LIMIT @max) a
              UNION
              SELECT id FROM (SELECT u.registration AS id FROM provisioning_uses u WHERE {One} AND u.last_used >= @since AND u.registration > @after ORDER BY u.registration LIMIT @max) b) c
            ORDER BY id LIMIT @max
            """,
            Place(service, known, since, after, max),
            cancellationToken: cancellationToken))];

    /// <summary>How many registrations have used it since, and when that was last done.</summary>
    internal static async Task<UseTotal> CountAsync(DbConnection connection, HubName service, KnownCredential known, long since, CancellationToken cancellationToken) =>
        await connection.QuerySingleAsync<UseTotal>(new CommandDefinition(
            $"SELECT COUNT(CASE WHEN u.registration <> '' THEN 1 END) AS Registrations, COALESCE(MAX(u.last_used), 0) AS LastUsed FROM provisioning_uses u WHERE {One} AND u.last_used >= @since",
            Place(service, known, since, "", 0),
            cancellationToken: cancellationToken));

    /// <summary>Registrations through the enrollment that used one credential later than another, or that one never.</summary>
    internal static Task<long> CountLaggardsAsync(WriteTransaction write, HubName service, KnownCredential old, string next, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"""
            SELECT COUNT(*) FROM provisioning_uses u
            JOIN registrations r ON r.service = u.service AND r.id = u.registration AND r.enrollment_kind = u.kind AND r.enrollment_id = u.owner
            WHERE {One} AND NOT EXISTS (
              SELECT 1 FROM provisioning_uses n WHERE n.service = u.service AND n.kind = u.kind AND n.owner = u.owner AND n.registration = u.registration
                AND n.credential = @next AND n.generation = u.generation AND n.last_used >= u.last_used)
            """,
            new { service = service.Value, kind = (long)old.Kind, owner = old.Owner, credential = old.Slot.Credential, generation = old.Generation, mark = old.Slot.Mark, next },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>All that a device used of what its enrollments and groups have or had; the latest first.</summary>
    internal static async Task<IReadOnlyList<ProvisioningUse>> OfRegistrationAsync(DbConnection connection, HubName service, string registration, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<ProvisioningUse>(new CommandDefinition(
            $"{Columns} WHERE u.service = @service AND u.registration = @registration ORDER BY u.last_used DESC, u.owner, u.credential LIMIT {MaxTotals}",
            new { service = service.Value, registration },
            cancellationToken: cancellationToken))];

    /// <summary>For each credential of groups and policies, as it was marked, the number of its users since.</summary>
    internal static async Task<IReadOnlyList<UseTotal>> TotalAsync(DbConnection connection, HubName service, OwnerKind kind, long since, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<UseTotal>(new CommandDefinition(
            $"""
            SELECT u.owner AS Owner, u.credential AS Credential, u.generation AS Generation, u.mark AS Mark, COUNT(CASE WHEN u.registration <> '' THEN 1 END) AS Registrations, MAX(u.last_used) AS LastUsed
            FROM provisioning_uses u WHERE u.service = @service AND u.kind = @kind AND u.last_used >= @since
            GROUP BY u.owner, u.credential, u.generation, u.mark ORDER BY u.owner, u.credential LIMIT {MaxTotals}
            """,
            new { service = service.Value, kind = (long)kind, since },
            cancellationToken: cancellationToken))];

    /// <summary>For each kind of credential of individual enrollments, as they have them now, the number of its users since.</summary>
    internal static async Task<IReadOnlyList<UseTotal>> TotalIndividualsAsync(DbConnection connection, SqlDialect dialect, HubName service, long since, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<UseTotal>(new CommandDefinition(
            $"""
            SELECT SUBSTR(u.credential, 1, 12) AS Credential, COUNT(DISTINCT u.registration) AS Registrations, MAX(u.last_used) AS LastUsed
            FROM provisioning_uses u JOIN enrollments e ON e.service = u.service AND e.kind = 0 AND e.id = u.owner AND e.generation_id = u.generation
            WHERE u.service = @service AND u.kind = 0 AND u.last_used >= @since AND (
              (u.credential = '{CredentialName.PrimaryKey}' AND u.mark = {Mark(dialect, "e.primary_key")})
              OR (u.credential = '{CredentialName.SecondaryKey}' AND u.mark = {Mark(dialect, "e.secondary_key")})
              OR EXISTS (SELECT 1 FROM enrollment_claims c WHERE c.service = u.service AND c.kind = 0 AND c.id = u.owner
                AND c.claim = CASE WHEN u.credential = '{EnrollmentSlot.EndorsementKey}' THEN 'endorsement:' || u.mark ELSE 'certificate:' || SUBSTR(u.credential, 13) END))
            GROUP BY SUBSTR(u.credential, 1, 12)
            """,
            new { service = service.Value, since },
            cancellationToken: cancellationToken))];

    /// <summary>TLS versions or software, by the last use of each registration and credential; the number of registrations, and the last time.</summary>
    internal static async Task<IReadOnlyList<UseTotal>> TraitsAsync(DbConnection connection, HubName service, string column, long since, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<UseTotal>(new CommandDefinition(
            $"""
            SELECT u.{column} AS Credential, COUNT(DISTINCT CASE WHEN u.registration <> '' THEN u.registration END) AS Registrations, MAX(u.last_used) AS LastUsed
            FROM provisioning_uses u WHERE u.service = @service AND u.last_used >= @since AND u.{column} IS NOT NULL GROUP BY u.{column} ORDER BY u.{column} LIMIT {MaxTotals}
            """,
            new { service = service.Value, since },
            cancellationToken: cancellationToken))];

    internal static Task<int> PruneAsync(WriteTransaction write, int max, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM provisioning_uses WHERE (service, kind, owner, registration, credential) IN (
              SELECT u.service, u.kind, u.owner, u.registration, u.credential FROM provisioning_uses u
              WHERE (u.kind <> 2 AND NOT EXISTS (SELECT 1 FROM enrollments e WHERE e.service = u.service AND e.kind = u.kind AND e.id = u.owner AND e.generation_id = u.generation))
                OR (u.kind = 2 AND NOT EXISTS (SELECT 1 FROM provisioning_policies p WHERE p.service = u.service AND p.name = u.owner))
              LIMIT @max)
            """,
            new { max },
            write.Transaction,
            cancellationToken: cancellationToken));

    private const string One = "u.service = @service AND u.kind = @kind AND u.owner = @owner AND u.credential = @credential AND u.generation = @generation AND u.mark = @mark";

    // Bytes 6 to 17 of a sealed key: SealedSecret.Mark.
    private static string Mark(SqlDialect dialect, string column) => dialect.Hex($"SUBSTR({column}, 6, 12)");

    private static object Place(HubName service, KnownCredential known, long since, string after, int max) => new
    {
        service = service.Value,
        kind = (long)known.Kind,
        owner = known.Owner,
        credential = known.Slot.Credential,
        generation = known.Generation,
        mark = known.Slot.Mark,
        since,
        after,
        max,
    };
}

/// <summary>Uses of one thing, counted.</summary>
internal sealed record UseTotal
{
    public string Owner { get; init; } = "";

    public string Credential { get; init; } = "";

    public string Generation { get; init; } = "";

    public string Mark { get; init; } = "";

    public long Registrations { get; init; }

    /// <summary>By anybody; 0 for nobody.</summary>
    public long LastUsed { get; init; }
}
