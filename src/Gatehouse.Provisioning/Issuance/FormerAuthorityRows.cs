using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;

namespace Gatehouse.Provisioning.Issuance;

/// <summary>SQL of the <c>former_authorities</c> table (Schema/0041).</summary>
internal static class FormerAuthorityRows
{
    /// <summary>Of one policy that are given out, the newest.</summary>
    private const int MaxShown = 100;

    /// <summary>The CA of a policy, which gets another; those that have ended go.</summary>
    internal static async Task KeepAsync(WriteTransaction transaction, CredentialPolicyRow before, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var authority = CertificateText.Load(before.Certificate);
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO former_authorities (service, policy_id, mark, certificate, not_after, replaced) VALUES (@Service, @Id, @Mark, @Certificate, @NotAfter, @Now)
            ON CONFLICT (service, policy_id, mark) DO UPDATE SET certificate = excluded.certificate, not_after = excluded.not_after, replaced = excluded.replaced
            """,
            new { before.Service, before.Id, Mark = PublishedAddresses.MarkOf(authority), before.Certificate, NotAfter = authority.NotAfter.ToUniversalTime().Ticks, Now = now.UtcTicks },
            transaction.Transaction,
            cancellationToken: cancellationToken));
        await transaction.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM former_authorities WHERE service = @Service AND policy_id = @Id AND not_after < @Now", new { before.Service, before.Id, Now = now.UtcTicks }, transaction.Transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Certificates by mark; DER.</summary>
    internal static async Task<IReadOnlyDictionary<string, byte[]>> ReadAsync(DbConnection connection, HubName service, string policyId, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<(string Mark, string Certificate)>(new CommandDefinition(
            $"SELECT mark, certificate FROM former_authorities WHERE service = @Service AND policy_id = @Id ORDER BY replaced DESC LIMIT {MaxShown}",
            new { Service = service.Value, Id = policyId },
            cancellationToken: cancellationToken))).ToDictionary(row => row.Mark, row => Convert.FromBase64String(row.Certificate), StringComparer.Ordinal);
}
