using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>SQL of the <c>credential_policies</c> table.</summary>
internal static class CredentialPolicyRows
{
    private const string Select = """
        SELECT service AS Service, id AS Id, name AS Name, generation_id AS GenerationId, etag AS Etag, certificate AS Certificate, private_key AS PrivateKey, signing_key AS SigningKey, validity_days AS ValidityDays,
          key_types AS KeyTypes, created AS Created, changed AS Changed
        FROM credential_policies WHERE service = @Service
        """;

    internal static async Task<IReadOnlyList<CredentialPolicyRow>> ListAsync(DbConnection connection, HubName service, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        [.. await connection.QueryAsync<CredentialPolicyRow>(new CommandDefinition($"{Select} ORDER BY id", new { Service = service.Value }, transaction, cancellationToken: cancellationToken))];

    internal static Task<CredentialPolicyRow?> FindAsync(DbConnection connection, HubName service, string name, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        connection.QuerySingleOrDefaultAsync<CredentialPolicyRow>(new CommandDefinition(
            $"{Select} AND id = @Id", new { Service = service.Value, Id = name.ToLowerInvariant() }, transaction, cancellationToken: cancellationToken));

    /// <summary>Name of an enrollment that names the policy; null when none does.</summary>
    internal static Task<string?> FindUserAsync(WriteTransaction transaction, CredentialPolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.QueryFirstOrDefaultAsync<string?>(new CommandDefinition(
            "SELECT name FROM enrollments WHERE service = @Service AND credential_policy = @Id AND credential_policy <> '' ORDER BY kind DESC, id LIMIT 1",
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Makes a key in a key store the service's own. False when a policy of another service names it.</summary>
    internal static async Task<bool> ClaimKeyAsync(WriteTransaction transaction, CredentialPolicyRow row, CancellationToken cancellationToken)
    {
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO issuing_keys (signing_key, service) VALUES (@SigningKey, @Service) ON CONFLICT (signing_key) DO NOTHING", row, transaction.Transaction, cancellationToken: cancellationToken));
        return row.Service == await transaction.Connection.ExecuteScalarAsync<string>(new CommandDefinition(
            "SELECT service FROM issuing_keys WHERE signing_key = @SigningKey", row, transaction.Transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Gives back what no policy of the service names any more.</summary>
    internal static Task ReleaseKeysAsync(WriteTransaction transaction, CredentialPolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM issuing_keys WHERE service = @Service AND NOT EXISTS (SELECT 1 FROM credential_policies p WHERE p.service = issuing_keys.service AND p.signing_key = issuing_keys.signing_key)",
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task SaveAsync(WriteTransaction transaction, CredentialPolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO credential_policies (service, id, name, generation_id, etag, certificate, private_key, signing_key, validity_days, key_types, created, changed)
            VALUES (@Service, @Id, @Name, @GenerationId, @Etag, @Certificate, @PrivateKey, @SigningKey, @ValidityDays, @KeyTypes, @Created, @Changed)
            ON CONFLICT (service, id) DO UPDATE SET etag = excluded.etag, certificate = excluded.certificate, private_key = excluded.private_key, signing_key = excluded.signing_key,
              validity_days = excluded.validity_days, key_types = excluded.key_types, changed = excluded.changed
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task DeleteAsync(WriteTransaction transaction, CredentialPolicyRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM credential_policies WHERE service = @Service AND id = @Id", row, transaction.Transaction, cancellationToken: cancellationToken));
}
