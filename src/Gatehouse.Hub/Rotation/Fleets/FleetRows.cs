using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.Store;

namespace Gatehouse.Hub.Rotation.Fleets;

/// <summary>SQL of <c>rotation_members</c> (Schema/0036).</summary>
internal static class FleetRows
{
    private static readonly long[] Both = [0, 1];

    private const string Columns = """
        m.hub AS Hub, m.plan_id AS PlanId, m.device_id AS DeviceId, m.module_id AS ModuleId, m.generation_id AS GenerationId, m.first_key AS FirstKey, m.is_canary AS IsCanary, m.is_open AS IsOpen,
        m.state AS State, m.first_mark AS FirstMark, m.last_mark AS LastMark, m.since AS Since, m.stepped AS Stepped, m.seen_use AS SeenUse, m.reason AS Reason
        """;

    /// <summary>Open members of one group (null: of both) after a place, each with its keys and their uses as they are now.</summary>
    internal static async Task<IReadOnlyList<SeenMember>> ReadOpenAsync(
        DbConnection connection, SqlDialect dialect, RotationRow plan, bool? isCanary, (string Device, string Module) after, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<SeenMember>(new CommandDefinition(
            $"""
            SELECT {Columns}, i.generation_id AS PresentGeneration, {Mark(dialect, "i.primary_key")} AS PrimaryMark, {Mark(dialect, "i.secondary_key")} AS SecondaryMark,
              COALESCE(p.last_used, 0) AS PrimaryUsed, COALESCE(s.last_used, 0) AS SecondaryUsed
            FROM rotation_members m
            LEFT JOIN identities i ON i.hub = m.hub AND i.device_id = m.device_id AND i.module_id = m.module_id
            {UsesOf(dialect, "m")}
            WHERE m.hub = @Hub AND m.plan_id = @PlanId AND m.is_canary {dialect.AnyOf("@groups")} AND m.is_open = 1 AND (m.device_id, m.module_id) > (@device, @module)
            ORDER BY m.device_id, m.module_id LIMIT @limit
            """,
            new { plan.Hub, plan.PlanId, groups = isCanary is null ? Both : [isCanary == true ? 1L : 0L], device = after.Device, module = after.Module, limit },
            cancellationToken: cancellationToken))];

    /// <summary>What the hub knows of identities that might become members: those of these devices.</summary>
    internal static async Task<IReadOnlyList<FleetCandidate>> ReadCandidatesAsync(DbConnection connection, SqlDialect dialect, HubName hub, IReadOnlyList<string> devices, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<FleetCandidate>(new CommandDefinition(
            $"""
            SELECT i.device_id AS DeviceId, i.module_id AS ModuleId, i.generation_id AS GenerationId, i.credential_kind AS CredentialKind,
              {Mark(dialect, "i.primary_key")} AS PrimaryMark, {Mark(dialect, "i.secondary_key")} AS SecondaryMark, COALESCE(p.last_used, 0) AS PrimaryUsed, COALESCE(s.last_used, 0) AS SecondaryUsed
            FROM identities i {UsesOf(dialect, "i")}
            WHERE i.hub = @hub AND i.device_id {dialect.AnyOf("@devices")}
            """,
            new { hub = hub.Value, devices = devices.ToArray() },
            cancellationToken: cancellationToken))];

    /// <summary>Members of other open plans among these devices, each with its plan; the hub is locked.</summary>
    internal static async Task<IReadOnlyList<FleetMember>> FindElsewhereAsync(WriteTransaction write, SqlDialect dialect, RotationRow plan, IReadOnlyList<string> devices, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<FleetMember>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM rotation_members m JOIN rotation_plans r ON r.hub = m.hub AND r.plan_id = m.plan_id AND r.ended = 0
            WHERE m.hub = @Hub AND m.plan_id <> @PlanId AND m.is_open = 1 AND m.device_id {dialect.AnyOf("@devices")}
            """,
            new { plan.Hub, plan.PlanId, devices = devices.ToArray() },
            write.Transaction,
            cancellationToken: cancellationToken))];

    /// <summary>Members in these states, in the order of ids.</summary>
    internal static async Task<IReadOnlyList<FleetMember>> ListAsync(
        DbConnection connection, SqlDialect dialect, RotationRow plan, IReadOnlyList<string> states, (string Device, string Module) after, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<FleetMember>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM rotation_members m
            WHERE m.hub = @Hub AND m.plan_id = @PlanId AND m.state {dialect.AnyOf("@states")} AND (m.device_id, m.module_id) > (@device, @module) ORDER BY m.device_id, m.module_id LIMIT @limit
            """,
            new { plan.Hub, plan.PlanId, states = states.ToArray(), device = after.Device, module = after.Module, limit },
            cancellationToken: cancellationToken))];

    /// <summary>Members whose new key is older than a key must be unused, and who are not through.</summary>
    internal static async Task<IReadOnlyList<FleetMember>> ListLaggingAsync(DbConnection connection, RotationRow plan, int limit, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<FleetMember>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM rotation_members m
            WHERE m.hub = @Hub AND m.plan_id = @PlanId AND m.is_open = 1 AND m.state IN ('{FleetStates.Renewed}', '{FleetStates.Moved}') AND @Waited - m.stepped >= @Quiet
            ORDER BY m.device_id, m.module_id LIMIT @limit
            """,
            new { plan.Hub, plan.PlanId, plan.Waited, plan.Quiet, limit },
            cancellationToken: cancellationToken))];

    /// <summary>How many are in which state.</summary>
    internal static async Task<IReadOnlyList<FleetCount>> CountAsync(DbConnection connection, RotationRow plan, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        [.. await connection.QueryAsync<FleetCount>(new CommandDefinition(
            """
            SELECT is_canary AS IsCanary, is_open AS IsOpen, state AS State, COUNT(*) AS Members, SUM(CASE WHEN @Waited - stepped >= @Quiet THEN 1 ELSE 0 END) AS Old
            FROM rotation_members WHERE hub = @Hub AND plan_id = @PlanId GROUP BY is_canary, is_open, state
            """,
            plan,
            transaction,
            cancellationToken: cancellationToken))];

    /// <summary>Members of open plans among these devices and modules, each with its plan.</summary>
    internal static async Task<IReadOnlyList<FleetMember>> FindOpenAsync(DbConnection connection, SqlDialect dialect, HubName hub, IReadOnlyList<string> subjects, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<FleetMember>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM rotation_members m JOIN rotation_plans r ON r.hub = m.hub AND r.plan_id = m.plan_id AND r.ended = 0
            WHERE m.hub = @hub AND m.is_open = 1 AND m.device_id {dialect.AnyOf("@devices")} AND {TryRows.Subject("m")} {dialect.AnyOf("@subjects")}
            """,
            new { hub = hub.Value, subjects = subjects.ToArray(), devices = subjects.Select(static each => each.Split('/')[0]).Distinct().ToArray() },
            cancellationToken: cancellationToken))];

    /// <summary>Open members of plans that a rule has made: those whose turn has not come, and the others until their step has taken longer than two watches.</summary>
    internal static Task<long> CountBusyAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
        """
        SELECT COUNT(*) FROM rotation_plans r JOIN rotation_members m ON m.hub = r.hub AND m.plan_id = r.plan_id AND m.is_open = 1
        WHERE r.hub = @hub AND r.by_rule = 1 AND r.ended = 0 AND (m.state = 'listed' OR r.waited - m.stepped < 2 * r.quiet)
        """,
        new { hub = hub.Value },
        cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, IReadOnlyList<FleetMember> members, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO rotation_members (hub, plan_id, device_id, module_id, generation_id, first_key, is_canary, is_open, state, first_mark, last_mark, seen_use, reason)
        VALUES (@Hub, @PlanId, @DeviceId, @ModuleId, @GenerationId, @FirstKey, @IsCanary, @IsOpen, @State, @FirstMark, @LastMark, @SeenUse, @Reason)
        """,
        members,
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static Task UpdateAsync(WriteTransaction write, IReadOnlyList<FleetMember> members, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        UPDATE rotation_members SET first_key = @FirstKey, is_open = @IsOpen, state = @State, first_mark = @FirstMark, last_mark = @LastMark, since = @Since, stepped = @Stepped, seen_use = @SeenUse, reason = @Reason
        WHERE hub = @Hub AND plan_id = @PlanId AND device_id = @DeviceId AND module_id = @ModuleId
        """,
        members,
        write.Transaction,
        cancellationToken: cancellationToken));

    /// <summary>Lets go of members whose plan is not kept any more.</summary>
    internal static Task<int> PruneAsync(WriteTransaction write, int max, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        DELETE FROM rotation_members WHERE (hub, plan_id, device_id, module_id) IN (
          SELECT m.hub, m.plan_id, m.device_id, m.module_id FROM rotation_members m
          WHERE NOT EXISTS (SELECT 1 FROM rotation_plans r WHERE r.hub = m.hub AND r.plan_id = m.plan_id) LIMIT @max)
        """,
        new { max },
        write.Transaction,
        cancellationToken: cancellationToken));

    // Only uses of the keys as they are now.
    private static string UsesOf(SqlDialect dialect, string of) => $"""
        LEFT JOIN credential_uses p ON p.hub = {of}.hub AND p.device_id = {of}.device_id AND p.module_id = {of}.module_id AND p.credential = '{CredentialName.PrimaryKey}'
          AND p.generation_id = i.generation_id AND p.mark = {Mark(dialect, "i.primary_key")}
        LEFT JOIN credential_uses s ON s.hub = {of}.hub AND s.device_id = {of}.device_id AND s.module_id = {of}.module_id AND s.credential = '{CredentialName.SecondaryKey}'
          AND s.generation_id = i.generation_id AND s.mark = {Mark(dialect, "i.secondary_key")}
        """;

    // Bytes 6 to 17 of a sealed key: SealedSecret.Mark.
    private static string Mark(SqlDialect dialect, string column) => dialect.Hex($"SUBSTR({column}, 6, 12)");
}

/// <summary>Members of one group in one state.</summary>
internal sealed class FleetCount
{
    public long IsCanary { get; init; }

    public long IsOpen { get; init; }

    public string State { get; init; } = "";

    public long Members { get; init; }

    /// <summary>Of them, in this state for longer than a key must be unused.</summary>
    public long Old { get; init; }
}

/// <summary>An identity that might become a member.</summary>
internal sealed record FleetCandidate
{
    public string DeviceId { get; init; } = "";

    public string ModuleId { get; init; } = "";

    public string GenerationId { get; init; } = "";

    public long CredentialKind { get; init; }

    public string? PrimaryMark { get; init; }

    public string? SecondaryMark { get; init; }

    public long PrimaryUsed { get; init; }

    public long SecondaryUsed { get; init; }

    internal (string Device, string Module) Place => (DeviceId, ModuleId);
}
