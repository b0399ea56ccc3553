using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Rules;

/// <summary>SQL of the ages of keys of identities and policies (Schema/0042).</summary>
internal static class AgeRows
{
    // As the index has it.
    private const string Older = "CASE WHEN primary_made < secondary_made THEN primary_made ELSE secondary_made END";

    // Modules of an Edge runtime have their keys from it.
    private const string HasKeys = "i.credential_kind = 0 AND i.primary_key IS NOT NULL AND i.secondary_key IS NOT NULL AND i.module_id NOT LIKE '$%'";

    private static readonly string Free = $"""
         AND NOT EXISTS (SELECT 1 FROM rotation_tries t WHERE t.hub = i.hub AND t.kind = '{Rotations.DeviceKey}' AND t.subject = {TryRows.Subject("i")} AND t.retry > @now AND t.retry <= @latest)
         AND NOT EXISTS (SELECT 1 FROM rotation_members m JOIN rotation_plans r ON r.hub = m.hub AND r.plan_id = m.plan_id AND r.ended = 0
           WHERE m.hub = i.hub AND m.device_id = i.device_id AND m.module_id = i.module_id AND m.is_open = 1)
        """;

    /// <summary>The oldest first.</summary>
    /// <param name="connection">To read on.</param>
    /// <param name="hub">Tenant.</param>
    /// <param name="madeBefore">UTC ticks.</param>
    /// <param name="after">Only what follows this place; null for the first page.</param>
    /// <param name="held">Only those in no open plan whose last try does not hold them back; null for all.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static async Task<IReadOnlyList<AgedDevice>> ListDevicesAsync(
        DbConnection connection, HubName hub, long madeBefore, (long Made, string Device, string Module)? after, HeldTries? held, int max, CancellationToken cancellationToken)
    {
        var (made, device, module) = after ?? (-1, "", "");
        return [.. await connection.QueryAsync<AgedDevice>(new CommandDefinition(
            $"""
            SELECT i.device_id AS DeviceId, i.module_id AS ModuleId, {Older} AS Made FROM identities i
            WHERE i.hub = @hub AND {HasKeys} AND {Older} < @madeBefore AND ({Older}, i.device_id, i.module_id) > (@made, @device, @module){(held is null ? "" : Free)}
            ORDER BY {Older}, i.device_id, i.module_id LIMIT @max
            """,
            new { hub = hub.Value, madeBefore, made, device, module, now = held?.Now ?? 0, latest = held?.Latest ?? 0, max },
            cancellationToken: cancellationToken))];
    }

    /// <summary>Without those that were found to have their keys from elsewhere.</summary>
    internal static Task<long> CountDevicesAsync(DbConnection connection, HubName hub, long madeBefore, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
        $"""
        SELECT COUNT(*) FROM identities i WHERE i.hub = @hub AND {HasKeys} AND {Older} < @madeBefore
          AND NOT EXISTS (SELECT 1 FROM rotation_tries t WHERE t.hub = i.hub AND t.kind = '{Rotations.DeviceKey}' AND t.subject = {TryRows.Subject("i")} AND t.is_left_out = 1)
        """,
        new { hub = hub.Value, madeBefore },
        cancellationToken: cancellationToken));

    internal static Task<int> NoteDevicesAsync(WriteTransaction write, HubName hub, long now, int max, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"""
        UPDATE identities SET {Noted} WHERE (hub, device_id, module_id) IN (
          SELECT hub, device_id, module_id FROM identities WHERE hub = @hub AND credential_kind = 0 AND {Older} = 0 LIMIT @max)
        """,
        new { hub = hub.Value, now, max },
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task<int> NotePoliciesAsync(WriteTransaction write, HubName hub, long now, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        $"UPDATE policies SET {Noted} WHERE hub = @hub AND {Older} = 0", new { hub = hub.Value, now }, write.Transaction, cancellationToken: cancellationToken));

    private const string Noted = "primary_made = CASE WHEN primary_made = 0 THEN @now ELSE primary_made END, secondary_made = CASE WHEN secondary_made = 0 THEN @now ELSE secondary_made END";
}
