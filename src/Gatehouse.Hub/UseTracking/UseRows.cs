using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.UseTracking;

/// <summary>SQL of <c>credential_uses</c> (Schema/0033, 0047). What is read are uses of credentials that are still registered: of a key that was replaced since there is none.</summary>
internal static class UseRows
{
    /// <summary>Later times win, whichever node writes last. One command for all rows, so that SQLite prepares its statement once.</summary>
    internal static Task SaveAsync(WriteTransaction write, IEnumerable<KeyValuePair<UseKey, WaitingUse>> uses, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO credential_uses (hub, device_id, module_id, generation_id, credential, mark, first_used, last_used, last_old_tls,
              protocol, tls_version, cipher_suite, server_certificate, server_issuer, other_server_issuer, software, shown)
            VALUES (@hub, @device, @module, @generation, @credential, @mark, @first, @last, @oldTls, @protocol, @tls, @cipher, @server, @issuer, @otherIssuer, @software, @shown)
            ON CONFLICT (hub, device_id, module_id, credential) DO UPDATE SET
              first_used = CASE WHEN credential_uses.generation_id = excluded.generation_id AND credential_uses.mark = excluded.mark THEN credential_uses.first_used ELSE excluded.first_used END,
              last_old_tls = CASE WHEN credential_uses.last_old_tls > excluded.last_old_tls THEN credential_uses.last_old_tls ELSE excluded.last_old_tls END,
              other_server_issuer = CASE WHEN excluded.other_server_issuer IS NOT NULL OR credential_uses.generation_id <> excluded.generation_id THEN excluded.other_server_issuer
                WHEN credential_uses.server_issuer <> COALESCE(excluded.server_issuer, '') THEN credential_uses.server_issuer ELSE credential_uses.other_server_issuer END,
              software = COALESCE(excluded.software, credential_uses.software),
              generation_id = excluded.generation_id, mark = excluded.mark, last_used = excluded.last_used, protocol = excluded.protocol, tls_version = excluded.tls_version,
              cipher_suite = excluded.cipher_suite, server_certificate = excluded.server_certificate, server_issuer = excluded.server_issuer, shown = excluded.shown
            WHERE excluded.last_used >= credential_uses.last_used
            """,
            uses.Select(static each => Values(each.Key, each.Value)),
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Who has used it since, in the order of ids.</summary>
    internal static async Task<IReadOnlyList<CredentialUse>> FindAsync(DbConnection connection, SqlDialect dialect, HubName hub, CredentialSelector selector, long since, UsePlace after, int max, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            {Select} {From(dialect)} AND {Condition(selector)} AND (u.device_id, u.module_id, u.credential) > (@device, @module, @last)
            ORDER BY u.device_id, u.module_id, u.credential LIMIT @max
            """,
            Parameters(hub, selector, since, after, max),
            cancellationToken: cancellationToken))).Select(static row => row.ToUse())];

    /// <summary>All uses of one identity.</summary>
    internal static async Task<IReadOnlyList<CredentialUse>> ReadAsync(DbConnection connection, SqlDialect dialect, HubName hub, IdentityKey identity, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} {From(dialect)} AND u.device_id = @device AND u.module_id = @module ORDER BY u.last_used DESC, u.credential",
            new { hub = hub.Value, device = identity.Device.Value, module = identity.Module?.Value ?? "" },
            cancellationToken: cancellationToken))).Select(static row => row.ToUse())];

    /// <summary>All uses of the identities between two places, both included.</summary>
    internal static async Task<IReadOnlyList<CredentialUse>> ReadRangeAsync(DbConnection connection, SqlDialect dialect, HubName hub, IdentityKey first, IdentityKey last, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} {From(dialect)} AND u.device_id <> '' AND (u.device_id, u.module_id) >= (@device, @module) AND (u.device_id, u.module_id) <= (@lastDevice, @lastModule)",
            new { hub = hub.Value, device = first.Device.Value, module = first.Module?.Value ?? "", lastDevice = last.Device.Value, lastModule = last.Module?.Value ?? "" },
            cancellationToken: cancellationToken))).Select(static row => row.ToUse())];

    /// <summary>All uses of some devices, without their modules.</summary>
    internal static async Task<IReadOnlyList<CredentialUse>> ReadDevicesAsync(DbConnection connection, SqlDialect dialect, HubName hub, string[] devices, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} {From(dialect)} AND u.device_id {dialect.AnyOf("@devices")} AND u.module_id = ''", new { hub = hub.Value, devices }, cancellationToken: cancellationToken))).Select(static row => row.ToUse())];

    /// <summary>Uses of back ends.</summary>
    internal static async Task<IReadOnlyList<CredentialUse>> ReadBackEndsAsync(DbConnection connection, SqlDialect dialect, HubName hub, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"{Select} {From(dialect)} AND u.device_id = '' ORDER BY u.credential", new { hub = hub.Value }, cancellationToken: cancellationToken))).Select(static row => row.ToUse())];

    /// <summary>How many have used it since, and when it was last.</summary>
    internal static async Task<UseCount> CountAsync(DbConnection connection, SqlDialect dialect, HubName hub, CredentialSelector selector, long since, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleAsync<CountRow>(new CommandDefinition(
            $"""
            SELECT COUNT(DISTINCT CASE WHEN u.device_id <> '' THEN u.device_id || '/' || u.module_id END) AS Identities, COALESCE(MAX({Time(selector)}), 0) AS LastUsed
            {From(dialect)} AND {Condition(selector)}
            """,
            Parameters(hub, selector, since, default, 0),
            cancellationToken: cancellationToken));
        return new UseCount(row.Identities, TimeOf(row.LastUsed));
    }

    /// <summary>Enabled identities of CA certificates whose last use of anything is of this one: what they would come with again.</summary>
    internal static Task<long> CountStandingAsync(WriteTransaction write, HubName hub, string authority, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"""
            SELECT COUNT(*) FROM credential_uses u
            JOIN identities i ON i.hub = u.hub AND i.device_id = u.device_id AND i.module_id = u.module_id AND i.generation_id = u.generation_id
            WHERE u.hub = @hub AND u.credential = @authority AND i.credential_kind = {(int)CredentialKind.CertificateAuthority} AND i.is_disabled = 0 AND NOT EXISTS (
              SELECT 1 FROM credential_uses o
              WHERE o.hub = u.hub AND o.device_id = u.device_id AND o.module_id = u.module_id AND o.generation_id = u.generation_id AND o.last_used > u.last_used)
            """,
            new { hub = hub.Value, authority },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Each credential with the number of its users since; those that nobody used are missing.</summary>
    internal static async Task<IReadOnlyList<UseTotal>> TotalAsync(DbConnection connection, SqlDialect dialect, HubName hub, string column, long since, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<TotalRow>(new CommandDefinition(
            $"""
            SELECT u.{column} AS Name, COUNT(CASE WHEN u.device_id <> '' THEN 1 END) AS Identities, MAX(u.last_used) AS LastUsed
            {From(dialect)} AND u.last_used >= @since AND u.{column} IS NOT NULL GROUP BY u.{column} ORDER BY u.{column} LIMIT {MaxTotals}
            """,
            new { hub = hub.Value, since },
            cancellationToken: cancellationToken))).Select(static row => new UseTotal(row.Name, row.Identities, TimeOf(row.LastUsed)!.Value))];

    internal static Task<int> PruneAsync(WriteTransaction write, int max, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM credential_uses WHERE (hub, device_id, module_id, credential) IN (
              SELECT u.hub, u.device_id, u.module_id, u.credential FROM credential_uses u
              WHERE u.device_id <> '' AND NOT EXISTS (
                SELECT 1 FROM identities i WHERE i.hub = u.hub AND i.device_id = u.device_id AND i.module_id = u.module_id AND i.generation_id = u.generation_id)
              LIMIT @max)
            """,
            new { max },
            write.Transaction,
            cancellationToken: cancellationToken));

    private static object Values(UseKey key, WaitingUse use) => new
    {
        hub = key.Hub.Value,
        device = key.Identity?.Device.Value ?? "",
        module = key.Identity?.Module?.Value ?? "",
        generation = use.Generation,
        credential = key.Credential,
        mark = use.Mark,
        first = use.First,
        last = use.Last,
        oldTls = use.LastOldTls,
        protocol = use.Client.Protocol,
        tls = use.Client.TlsVersion,
        cipher = use.Client.CipherSuite,
        server = use.Client.Server?.Thumbprint,
        issuer = use.Client.Server?.Issuer,
        otherIssuer = use.OtherServerIssuer,
        software = use.Client.Software,
        shown = use.Shown,
    };

    private const int MaxTotals = 10_000;

    private const string Select = """
        SELECT u.device_id AS DeviceId, u.module_id AS ModuleId, u.credential AS Credential, u.first_used AS FirstUsed, u.last_used AS LastUsed, u.last_old_tls AS LastOldTls,
               u.protocol AS Protocol, u.tls_version AS TlsVersion, u.cipher_suite AS CipherSuite, u.server_certificate AS ServerCertificate, u.server_issuer AS ServerIssuer,
               u.other_server_issuer AS OtherServerIssuer,
               u.software AS Software, u.shown AS Shown
        """;

    private static string From(SqlDialect dialect) => $"""
        FROM credential_uses u
        LEFT JOIN identities i ON i.hub = u.hub AND i.device_id = u.device_id AND i.module_id = u.module_id AND i.generation_id = u.generation_id
        LEFT JOIN policies p ON p.hub = u.hub AND u.credential IN ('policy/' || p.name || '/primaryKey', 'policy/' || p.name || '/secondaryKey')
        WHERE u.hub = @hub AND (u.device_id = '' OR i.device_id IS NOT NULL) AND u.mark = CASE
          WHEN u.credential = '{CredentialName.PrimaryKey}' THEN {Mark(dialect, "i.primary_key")}
          WHEN u.credential = '{CredentialName.SecondaryKey}' THEN {Mark(dialect, "i.secondary_key")}
          WHEN u.credential = '{CredentialName.PrimaryThumbprint}' THEN i.primary_thumbprint
          WHEN u.credential = '{CredentialName.SecondaryThumbprint}' THEN i.secondary_thumbprint
          WHEN u.credential = 'policy/' || p.name || '/primaryKey' THEN {Mark(dialect, "p.primary_key")}
          WHEN u.credential = 'policy/' || p.name || '/secondaryKey' THEN {Mark(dialect, "p.secondary_key")}
          WHEN i.credential_kind = {(int)CredentialKind.CertificateAuthority} THEN '' END
        """;

    // Bytes 6 to 17 of a sealed key: SealedSecret.Mark.
    private static string Mark(SqlDialect dialect, string column) => dialect.Hex($"SUBSTR({column}, 6, 12)");

    private static string Condition(CredentialSelector selector) => selector.Kind switch
    {
        SelectorKind.One => "u.credential = @name AND u.last_used >= @since",
        SelectorKind.BothOfPolicy => "u.credential IN ('policy/' || @name || '/primaryKey', 'policy/' || @name || '/secondaryKey') AND u.last_used >= @since",
        SelectorKind.Certificate => "(u.credential = 'authority/' || @name OR u.shown LIKE '%' || @name || '%') AND u.last_used >= @since",
        SelectorKind.OldTls => "u.last_old_tls > 0 AND u.last_old_tls >= @since",
        _ => $"(u.credential IN ('{CredentialName.PrimaryKey}', '{CredentialName.SecondaryKey}') OR SUBSTR(u.credential, 1, {CredentialName.PolicyPrefix.Length}) = '{CredentialName.PolicyPrefix}') AND u.last_used >= @since",
    };

    private static string Time(CredentialSelector selector) => selector.Kind == SelectorKind.OldTls ? "u.last_old_tls" : "u.last_used";

    private static object Parameters(HubName hub, CredentialSelector selector, long since, UsePlace after, int max) =>
        new { hub = hub.Value, name = selector.Name, since, device = after.Identity?.Device.Value ?? "", module = after.Identity?.Module?.Value ?? "", last = after.Credential ?? "", max };

    private static DateTimeOffset? TimeOf(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

    private sealed class Row
    {
        public string DeviceId { get; init; } = "";

        public string ModuleId { get; init; } = "";

        public string Credential { get; init; } = "";

        public long FirstUsed { get; init; }

        public long LastUsed { get; init; }

        public long LastOldTls { get; init; }

        public string Protocol { get; init; } = "";

        public string? TlsVersion { get; init; }

        public string? CipherSuite { get; init; }

        public string? ServerCertificate { get; init; }

        public string? ServerIssuer { get; init; }

        public string? OtherServerIssuer { get; init; }

        public string? Software { get; init; }

        public string? Shown { get; init; }

        internal CredentialUse ToUse() => new()
        {
            Identity = DeviceId.Length == 0 ? null : new IdentityKey(Contracts.Identities.DeviceId.Parse(DeviceId), ModuleId.Length == 0 ? null : Contracts.Identities.ModuleId.Parse(ModuleId)),
            Credential = Credential,
            FirstUsed = TimeOf(FirstUsed)!.Value,
            LastUsed = TimeOf(LastUsed)!.Value,
            LastOldTls = TimeOf(LastOldTls),
            Protocol = Protocol,
            TlsVersion = TlsVersion,
            CipherSuite = CipherSuite,
            ServerCertificate = ServerCertificate,
            ServerIssuer = ServerIssuer,
            OtherServerIssuer = OtherServerIssuer,
            Software = Software,
            Shown = string.IsNullOrEmpty(Shown) ? [] : Shown.Split(' '),
        };
    }

    private sealed class CountRow
    {
        public long Identities { get; init; }

        public long LastUsed { get; init; }
    }

    private sealed class TotalRow
    {
        public string Name { get; init; } = "";

        public long Identities { get; init; }

        public long LastUsed { get; init; }
    }
}
