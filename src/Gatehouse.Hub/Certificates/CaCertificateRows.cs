using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Resources;
using Gatehouse.Store;

namespace Gatehouse.Hub.Certificates;

/// <summary>SQL of the CA certificates (Schema/0002).</summary>
internal static class CaCertificateRows
{
    private const string Columns = """
        hub AS Hub, name_key AS NameKey, name AS Name, etag AS ETag, certificate AS Certificate, is_verified AS IsVerified,
        verification_code AS VerificationCode, created AS Created, updated AS Updated
        """;

    internal static async Task<IReadOnlyList<CaCertificateRow>> ListAsync(DbConnection connection, HubName hub, DbTransaction? transaction, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<CaCertificateRow>(new CommandDefinition(
            $"SELECT {Columns} FROM ca_certificates WHERE hub = @hub ORDER BY name_key",
            new { hub = hub.Value },
            transaction,
            cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlyList<string>> ListVerifiedAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT certificate FROM ca_certificates WHERE hub = @hub AND is_verified = 1 ORDER BY name_key",
            new { hub = hub.Value },
            cancellationToken: cancellationToken))];

    internal static Task<CaCertificateRow?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, string name, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<CaCertificateRow>(new CommandDefinition(
            $"SELECT {Columns} FROM ca_certificates WHERE hub = @hub AND name_key = @key",
            new { hub = hub.Value, key = ResourceName.KeyOf(name) },
            transaction,
            cancellationToken: cancellationToken));

    internal static Task<long> CountAsync(WriteTransaction write, HubName hub, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM ca_certificates WHERE hub = @hub", new { hub = hub.Value }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task SaveAsync(WriteTransaction write, CaCertificateRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO ca_certificates (hub, name_key, name, etag, certificate, is_verified, verification_code, created, updated)
            VALUES (@Hub, @NameKey, @Name, @ETag, @Certificate, @IsVerified, @VerificationCode, @Created, @Updated)
            ON CONFLICT (hub, name_key) DO UPDATE SET etag = excluded.etag, certificate = excluded.certificate, is_verified = excluded.is_verified,
              verification_code = excluded.verification_code, updated = excluded.updated
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction write, CaCertificateRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM ca_certificates WHERE hub = @Hub AND name_key = @NameKey", row, write.Transaction, cancellationToken: cancellationToken));
}

/// <summary>A row of <c>ca_certificates</c>; times in ticks of UTC.</summary>
internal sealed record CaCertificateRow
{
    public required string Hub { get; init; }

    public required string NameKey { get; init; }

    public required string Name { get; init; }

    public required string ETag { get; init; }

    /// <summary>Base64 of the DER.</summary>
    public required string Certificate { get; init; }

    public required long IsVerified { get; init; }

    public string? VerificationCode { get; init; }

    public required long Created { get; init; }

    public required long Updated { get; init; }
}
