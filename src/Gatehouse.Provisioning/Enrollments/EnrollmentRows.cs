using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Enrollments;

/// <summary>SQL of the tables <c>enrollments</c> and <c>enrollment_claims</c>.</summary>
internal static class EnrollmentRows
{
    private const string Select = """
        SELECT service AS Service, kind AS Kind, id AS Id, name AS Name, generation_id AS GenerationId, etag AS Etag, attestation AS Attestation, is_disabled AS IsDisabled,
          primary_key AS PrimaryKey, secondary_key AS SecondaryKey, proof AS Proof, settings AS Settings, credential_policy AS CredentialPolicy, created AS Created, changed AS Changed,
          primary_made AS PrimaryMade, secondary_made AS SecondaryMade
        FROM enrollments WHERE service = @Service AND kind = @Kind
        """;

    internal static Task<EnrollmentRow?> FindAsync(DbConnection connection, HubName service, EnrollmentKey key, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        connection.QuerySingleOrDefaultAsync<EnrollmentRow>(new CommandDefinition($"{Select} AND id = @Id", Place(service, key), transaction, cancellationToken: cancellationToken));

    /// <summary>In the order of ids, from after one on.</summary>
    internal static async Task<IReadOnlyList<EnrollmentRow>> ListAsync(DbConnection connection, HubName service, EnrollmentKind kind, string after, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<EnrollmentRow>(new CommandDefinition(
            $"{Select} AND id > @After ORDER BY id LIMIT @Count", new { Service = service.Value, Kind = (long)kind, After = after, Count = count }, cancellationToken: cancellationToken))];

    /// <summary>Those whose settings have a word somewhere, in the order of ids, from after one on.</summary>
    internal static async Task<IReadOnlyList<EnrollmentRow>> ListMentioningAsync(WriteTransaction transaction, HubName service, EnrollmentKind kind, string word, string after, int count, CancellationToken cancellationToken) =>
        [.. await transaction.Connection.QueryAsync<EnrollmentRow>(new CommandDefinition(
            $"{Select} AND id > @After AND settings LIKE @Pattern ESCAPE '!' ORDER BY id LIMIT @Count",
            new
            {
                Service = service.Value,
                Kind = (long)kind,
                After = after,
                Pattern = $"%\"{word.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}\"%",
                Count = count,
            },
            transaction.Transaction,
            cancellationToken: cancellationToken))];

    internal static Task<long> CountGroupsAsync(WriteTransaction transaction, HubName service, AttestationType type, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM enrollments WHERE service = @Service AND kind = 1 AND attestation = @Type",
            new { Service = service.Value, Type = (long)type },
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction transaction, EnrollmentRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO enrollments (service, kind, id, name, generation_id, etag, attestation, is_disabled, primary_key, secondary_key, proof, settings, credential_policy, created, changed, primary_made, secondary_made)
            VALUES (@Service, @Kind, @Id, @Name, @GenerationId, @Etag, @Attestation, @IsDisabled, @PrimaryKey, @SecondaryKey, @Proof, @Settings, @CredentialPolicy, @Created, @Changed, @PrimaryMade, @SecondaryMade)
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction transaction, EnrollmentRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE enrollments SET etag = @Etag, is_disabled = @IsDisabled, primary_key = @PrimaryKey, secondary_key = @SecondaryKey, proof = @Proof, settings = @Settings, credential_policy = @CredentialPolicy, changed = @Changed,
              primary_made = @PrimaryMade, secondary_made = @SecondaryMade
            WHERE service = @Service AND kind = @Kind AND id = @Id
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Changes the proof of the version that was read, and nothing else; false when there is another one by now.</summary>
    internal static async Task<bool> UpdateProofAsync(WriteTransaction transaction, EnrollmentRow read, string proof, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "UPDATE enrollments SET proof = @New WHERE service = @Service AND kind = @Kind AND id = @Id AND etag = @Etag AND proof = @Proof",
            new { read.Service, read.Kind, read.Id, read.Etag, read.Proof, New = proof },
            transaction.Transaction,
            cancellationToken: cancellationToken)) == 1;

    internal static async Task DeleteAsync(WriteTransaction transaction, EnrollmentRow row, CancellationToken cancellationToken)
    {
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM enrollments WHERE service = @Service AND kind = @Kind AND id = @Id", row, transaction.Transaction, cancellationToken: cancellationToken));
        await DropClaimsAsync(transaction, row, cancellationToken);
    }

    /// <summary>Who holds one of these claims, other than the enrollment itself; null when nobody does.</summary>
    internal static async Task<ClaimRow?> FindClaimAsync(WriteTransaction transaction, HubName service, EnrollmentKey own, IReadOnlyList<string> claims, CancellationToken cancellationToken)
    {
        foreach (var claim in claims)
        {
            var found = await transaction.Connection.QuerySingleOrDefaultAsync<ClaimRow>(new CommandDefinition(
                "SELECT claim AS Claim, kind AS Kind, id AS Id FROM enrollment_claims WHERE service = @Service AND claim = @Claim",
                new { Service = service.Value, Claim = claim },
                transaction.Transaction,
                cancellationToken: cancellationToken));
            if (found is not null && (found.Kind != (long)own.Kind || found.Id != own.Id))
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The individual enrollment that this device id belongs to; null when it belongs to none.</summary>
    internal static Task<string?> FindDeviceClaimAsync(DbConnection connection, HubName service, string deviceId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(
            "SELECT id FROM enrollment_claims WHERE service = @Service AND claim = @Claim",
            new { Service = service.Value, Claim = AttestationRules.DeviceClaim(deviceId) },
            cancellationToken: cancellationToken));

    internal static async Task WriteClaimsAsync(WriteTransaction transaction, EnrollmentRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken)
    {
        await DropClaimsAsync(transaction, row, cancellationToken);
        foreach (var claim in claims)
        {
            await transaction.Connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO enrollment_claims (service, claim, kind, id) VALUES (@Service, @Claim, @Kind, @Id)",
                new { row.Service, Claim = claim, row.Kind, row.Id },
                transaction.Transaction,
                cancellationToken: cancellationToken));
        }
    }

    private static Task<int> DropClaimsAsync(WriteTransaction transaction, EnrollmentRow row, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM enrollment_claims WHERE service = @Service AND kind = @Kind AND id = @Id", row, transaction.Transaction, cancellationToken: cancellationToken));

    private static object Place(HubName service, EnrollmentKey key) => new { Service = service.Value, Kind = (long)key.Kind, key.Id };

    internal sealed class ClaimRow
    {
        public string Claim { get; init; } = "";

        public long Kind { get; init; }

        public string Id { get; init; } = "";
    }
}
