using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Store;
using Gatehouse.Store.Rotation;

namespace Gatehouse.Provisioning.Rotation;

/// <summary>SQL of the ages of keys of enrollments and policies (Schema/0043).</summary>
internal static class KeyAgeRows
{
    // As the index has it.
    private const string Older = "CASE WHEN primary_made < secondary_made THEN primary_made ELSE secondary_made END";
    private const string Noted = "primary_made = CASE WHEN primary_made = 0 THEN @now ELSE primary_made END, secondary_made = CASE WHEN secondary_made = 0 THEN @now ELSE secondary_made END";
    private const string WithKeys = "service = @service AND kind = @kind AND attestation = 0";

    /// <summary>Of enrollments with symmetric keys, the oldest first.</summary>
    internal static async Task<IReadOnlyList<AgedKeys>> ListAsync(DbConnection connection, HubName service, EnrollmentKind kind, long madeBefore, AgedKeys? after, int max, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<Row>(new CommandDefinition(
            $"SELECT name AS Name, {Older} AS Made FROM enrollments WHERE {WithKeys} AND {Older} < @madeBefore AND ({Older}, name) > (@made, @name) ORDER BY {Older}, name LIMIT @max",
            new { service = service.Value, kind = (long)kind, madeBefore, made = after?.Made ?? -1, name = after?.Name ?? "", max },
            cancellationToken: cancellationToken))).Select(static row => new AgedKeys(row.Name, row.Made))];

    internal static Task<long> CountAsync(DbConnection connection, HubName service, EnrollmentKind kind, long madeBefore, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
        $"SELECT COUNT(*) FROM enrollments WHERE {WithKeys} AND {Older} < @madeBefore", new { service = service.Value, kind = (long)kind, madeBefore }, cancellationToken: cancellationToken));

    internal static Task<int> NoteAsync(WriteTransaction write, HubName service, EnrollmentKind kind, long now, int max, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"UPDATE enrollments SET {Noted} WHERE {WithKeys} AND id IN (SELECT id FROM enrollments WHERE {WithKeys} AND {Older} = 0 LIMIT @max)",
        new { service = service.Value, kind = (long)kind, now, max },
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task<int> NotePoliciesAsync(WriteTransaction write, HubName service, long now, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"UPDATE provisioning_policies SET {Noted} WHERE service = @service AND {Older} = 0", new { service = service.Value, now }, write.Transaction, cancellationToken: cancellationToken));

    private sealed record Row
    {
        public string Name { get; init; } = "";

        public long Made { get; init; }
    }
}
