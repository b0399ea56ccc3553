using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Certificates;

/// <summary>SQL of the <c>provisioning_certificates</c> table.</summary>
internal static class CaCertificateRows
{
    private const string Select = """
        SELECT service AS Service, id AS Id, name AS Name, etag AS Etag, certificate AS Certificate, is_verified AS IsVerified, verification_code AS VerificationCode, created AS Created, changed AS Changed
        FROM provisioning_certificates WHERE service = @Service
        """;

    internal static async Task<IReadOnlyList<CaCertificateRow>> ListAsync(DbConnection connection, HubName service, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        [.. await connection.QueryAsync<CaCertificateRow>(new CommandDefinition($"{Select} ORDER BY id", new { Service = service.Value }, transaction, cancellationToken: cancellationToken))];

    internal static Task<CaCertificateRow?> FindAsync(DbConnection connection, HubName service, string name, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        connection.QuerySingleOrDefaultAsync<CaCertificateRow>(new CommandDefinition(
            $"{Select} AND id = @Id", new { Service = service.Value, Id = name.ToLowerInvariant() }, transaction, cancellationToken: cancellationToken));

    internal static Task SaveAsync(WriteTransaction transaction, CaCertificateRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO provisioning_certificates (service, id, name, etag, certificate, is_verified, verification_code, created, changed)
            VALUES (@Service, @Id, @Name, @Etag, @Certificate, @IsVerified, @VerificationCode, @Created, @Changed)
            ON CONFLICT (service, id) DO UPDATE SET etag = excluded.etag, certificate = excluded.certificate, is_verified = excluded.is_verified,
              verification_code = excluded.verification_code, changed = excluded.changed
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction transaction, CaCertificateRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM provisioning_certificates WHERE service = @Service AND id = @Id", row, transaction.Transaction, cancellationToken: cancellationToken));
}
