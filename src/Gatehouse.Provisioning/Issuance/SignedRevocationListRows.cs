using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>A row of <c>signed_revocation_lists</c>.</summary>
internal sealed record SignedRevocationListRow
{
    public string Service { get; init; } = "";

    public string PolicyId { get; init; } = "";

    public long Number { get; init; }

    /// <summary>Of what it says and of who says it: SHA-256, hex.</summary>
    public string Content { get; init; } = "";

    /// <summary>Base64 of DER.</summary>
    public string List { get; init; } = "";

    public long Signed { get; init; }
}

/// <summary>What is said of one certificate.</summary>
internal sealed record RevokedCertificateRow
{
    public string Serial { get; init; } = "";

    /// <summary>When; 0 for one that is good.</summary>
    public long Revoked { get; init; }

    public string Reason { get; init; } = "";
}

/// <summary>SQL of the <c>signed_revocation_lists</c> table, and of what goes into them.</summary>
internal static class SignedRevocationListRows
{
    internal static Task<SignedRevocationListRow?> FindAsync(DbConnection connection, HubName service, string policyId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<SignedRevocationListRow>(new CommandDefinition(
            "SELECT service AS Service, policy_id AS PolicyId, number AS Number, content AS Content, list AS List, signed AS Signed FROM signed_revocation_lists WHERE service = @Service AND policy_id = @Id",
            new { Service = service.Value, Id = policyId },
            cancellationToken: cancellationToken));

    /// <summary>What is revoked of a policy, or of its CA by whatever policy, and has not ended before a time. A CA that has been given a new certificate for its key thereby still lists what it issued by the old one.</summary>
    internal static async Task<IReadOnlyList<RevokedCertificateRow>> RevokedAsync(DbConnection connection, HubName service, string policyId, string authority, long endedBefore, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevokedCertificateRow>(new CommandDefinition(
            """
            SELECT serial AS Serial, revoked AS Revoked, revocation_reason AS Reason FROM issued_certificates
            WHERE service = @Service AND revoked <> 0 AND not_after >= @EndedBefore AND (policy_id = @Id OR authority = @Authority) ORDER BY serial
            """,
            new { Service = service.Value, Id = policyId, Authority = authority, EndedBefore = endedBefore },
            cancellationToken: cancellationToken))];

    /// <summary>Of certificates that a policy issued, or its CA by whatever policy, and that are in the inventory: when and why they were revoked, 0 for not.</summary>
    internal static async Task<IReadOnlyList<RevokedCertificateRow>> StatusesAsync(
        DbConnection connection, SqlDialect dialect, HubName service, string policyId, string authority, string[] serials, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RevokedCertificateRow>(new CommandDefinition(
            $"""
            SELECT serial AS Serial, revoked AS Revoked, revocation_reason AS Reason FROM issued_certificates
            WHERE service = @Service AND serial {dialect.AnyOf("@Serials")} AND (policy_id = @Id OR authority = @Authority)
            """,
            new { Service = service.Value, Serials = serials, Id = policyId, Authority = authority },
            cancellationToken: cancellationToken))];

    /// <summary>False when another node has signed one of this number meanwhile.</summary>
    internal static async Task<bool> SaveAsync(WriteTransaction transaction, SignedRevocationListRow row, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO signed_revocation_lists (service, policy_id, number, content, list, signed) VALUES (@Service, @PolicyId, @Number, @Content, @List, @Signed)
            ON CONFLICT (service, policy_id) DO UPDATE SET number = excluded.number, content = excluded.content, list = excluded.list, signed = excluded.signed
            WHERE signed_revocation_lists.number < excluded.number
            """,
            row,
            transaction.Transaction,
            cancellationToken: cancellationToken)) > 0;
}
