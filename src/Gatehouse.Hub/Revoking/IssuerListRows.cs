using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Revoking;

/// <summary>SQL of <c>revocation_lists</c> (Schema/0031).</summary>
internal static class IssuerListRows
{
    private const string Facts = """
        hub AS Hub, issuer AS Issuer, name_key AS NameKey, name AS Name, authority AS Authority, stale AS Stale, version AS Version, number AS Number, is_delta AS IsDelta,
        this_update AS ThisUpdate, next_update AS NextUpdate, entries AS Entries, thumbprint AS Thumbprint, actor AS Actor, updated AS Updated, stale_noted AS StaleNoted
        """;

    internal static async Task<IReadOnlyList<IssuerListVersion>> ReadVersionsAsync(DbConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<IssuerListVersion>(new CommandDefinition(
            "SELECT hub AS Hub, issuer AS Issuer, version AS Version FROM revocation_lists ORDER BY hub, issuer", cancellationToken: cancellationToken))];

    /// <summary>Without the serial numbers.</summary>
    internal static async Task<IReadOnlyList<IssuerListRow>> ListAsync(DbConnection connection, DbTransaction? transaction, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<IssuerListRow>(new CommandDefinition(
            $"SELECT {Facts}, @none AS Serials FROM revocation_lists WHERE hub = @hub ORDER BY name_key, issuer",
            new { hub = hub.Value, none = Array.Empty<byte>() },
            transaction,
            cancellationToken: cancellationToken))];

    internal static Task<IssuerListRow?> FindAsync(DbConnection connection, DbTransaction? transaction, string hub, string issuer, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<IssuerListRow>(new CommandDefinition(
            $"SELECT {Facts}, serials AS Serials FROM revocation_lists WHERE hub = @hub AND issuer = @issuer", new { hub, issuer }, transaction, cancellationToken: cancellationToken));

    internal static Task SaveAsync(WriteTransaction write, IssuerListRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO revocation_lists (hub, issuer, name_key, name, authority, stale, version, number, is_delta, this_update, next_update, entries, serials, thumbprint, actor, updated, stale_noted)
            VALUES (@Hub, @Issuer, @NameKey, @Name, @Authority, @Stale, @Version, @Number, @IsDelta, @ThisUpdate, @NextUpdate, @Entries, @Serials, @Thumbprint, @Actor, @Updated, @StaleNoted)
            ON CONFLICT (hub, issuer) DO UPDATE SET name_key = excluded.name_key, name = excluded.name, authority = excluded.authority, stale = excluded.stale, version = excluded.version,
              number = excluded.number, is_delta = excluded.is_delta, this_update = excluded.this_update, next_update = excluded.next_update, entries = excluded.entries,
              serials = excluded.serials, thumbprint = excluded.thumbprint, actor = excluded.actor, updated = excluded.updated, stale_noted = excluded.stale_noted
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, IssuerListRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM revocation_lists WHERE hub = @Hub AND issuer = @Issuer", new { row.Hub, row.Issuer }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>True for the one that notes it first.</summary>
    internal static async Task<bool> NoteStaleAsync(WriteTransaction write, string hub, string issuer, string version, CancellationToken cancellationToken) =>
        await write.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE revocation_lists SET stale_noted = 1 WHERE hub = @hub AND issuer = @issuer AND version = @version AND stale_noted = 0",
            new { hub, issuer, version },
            write.Transaction,
            cancellationToken: cancellationToken)) == 1;
}
