using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Store.TrustLog;

namespace Gatehouse.Store.Audit;

/// <summary>The SQL of the chain.</summary>
internal static class AuditRows
{
    internal const string Columns = "sequence AS Sequence, time AS Time, hub AS Hub, actor AS Actor, action AS Action, subject AS Subject, detail AS Detail, hash AS Hash";

    private const int MaxRowsOfStatement = 64;

    /// <summary>Appends records to the chain in this transaction; returns the sequence number of the first. The head's lock is held until the commit, so the chain cannot fork.</summary>
    internal static async Task<long> AppendAsync(DbConnection connection, DbTransaction transaction, SqlDialect dialect, IReadOnlyList<AuditRecord> records, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var head = await ReadHeadAsync(connection, transaction, dialect.ForUpdate, cancellationToken);
        var sequence = head.Sequence;
        var hash = head.Hash;
        var micros = AuditEntry.ToMicros(now);
        var rows = new List<Row>(records.Count);
        foreach (var record in records)
        {
            sequence++;
            hash = AuditEntry.ComputeHash(hash, sequence, micros, record);
            rows.Add(new Row { Sequence = sequence, Time = micros, Hub = record.Hub, Actor = record.Actor, Action = record.Action, Subject = record.Subject, Detail = record.Detail, Hash = hash });
        }

        foreach (var chunk in rows.Chunk(MaxRowsOfStatement))
        {
            await InsertAsync(connection, transaction, chunk, cancellationToken);
        }

        // With the head in one journey: its lock is held no longer for the trust log's sake.
        var (sql, parameters) = (new StringBuilder("UPDATE audit_head SET sequence = @sequence, hash = @hash WHERE id = 1"), new DynamicParameters(new { sequence, hash }));
        foreach (var chunk in TrustLogRows.RowsOf(records, head.Sequence + 1, micros).Chunk(MaxRowsOfStatement))
        {
            if (sql.Length == 0)
            {
                parameters = new DynamicParameters();
            }

            TrustLogRows.AddToQueue(sql, parameters, chunk);
            await connection.ExecuteAsync(new CommandDefinition(sql.ToString(), parameters, transaction, cancellationToken: cancellationToken));
            sql.Clear();
        }

        if (sql.Length > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition(sql.ToString(), parameters, transaction, cancellationToken: cancellationToken));
        }

        return head.Sequence + 1;
    }

    // Several rows in one statement: a bulk call has hundreds, and each statement is a journey to a database elsewhere.
    private static async Task InsertAsync(DbConnection connection, DbTransaction transaction, Row[] rows, CancellationToken cancellationToken)
    {
        var parameters = new DynamicParameters();
        var values = new StringBuilder();
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            values.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ", ")}(@s{i}, @t{i}, @h{i}, @c{i}, @a{i}, @o{i}, @d{i}, @x{i})");
            parameters.Add($"s{i}", row.Sequence);
            parameters.Add($"t{i}", row.Time);
            parameters.Add($"h{i}", row.Hub, DbType.String);
            parameters.Add($"c{i}", row.Actor);
            parameters.Add($"a{i}", row.Action);
            parameters.Add($"o{i}", row.Subject);
            parameters.Add($"d{i}", row.Detail, DbType.String);
            parameters.Add($"x{i}", row.Hash);
        }

        await connection.ExecuteAsync(new CommandDefinition(
            $"INSERT INTO audit_log (sequence, time, hub, actor, action, subject, detail, hash) VALUES {values}", parameters, transaction, cancellationToken: cancellationToken));
    }

    internal static async Task<Head> ReadHeadAsync(DbConnection connection, DbTransaction? transaction, string forUpdate, CancellationToken cancellationToken)
    {
        const string Sql = "SELECT sequence AS Sequence, hash AS Hash, anchor_sequence AS AnchorSequence, anchor_hash AS AnchorHash FROM audit_head WHERE id = 1";
        var head = await connection.QuerySingleOrDefaultAsync<Head>(new CommandDefinition(Sql + forUpdate, null, transaction, cancellationToken: cancellationToken));
        if (head is null && transaction is not null)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO audit_head (id, sequence, hash, anchor_sequence, anchor_hash) VALUES (1, 0, @origin, 0, @origin) ON CONFLICT (id) DO NOTHING",
                new { origin = AuditEntry.Origin }, transaction, cancellationToken: cancellationToken));
            head = await connection.QuerySingleAsync<Head>(new CommandDefinition(Sql + forUpdate, null, transaction, cancellationToken: cancellationToken));
        }

        return head ?? new Head { Hash = AuditEntry.Origin, AnchorHash = AuditEntry.Origin };
    }

    /// <summary>A record that stands outside the chain (before its anchor or after its head), as of one moment; null when there is none.</summary>
    internal static Task<long?> FindOutsideAsync(DbConnection connection, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<long?>(new CommandDefinition(
        """
        SELECT MIN(sequence) FROM audit_log
        WHERE sequence > COALESCE((SELECT sequence FROM audit_head WHERE id = 1), 0) OR sequence <= COALESCE((SELECT anchor_sequence FROM audit_head WHERE id = 1), 0)
        """,
        cancellationToken: cancellationToken));

    /// <summary>Drops all records up to <paramref name="sequence"/> and keeps that one's number and hash as the anchor.</summary>
    internal static async Task PruneAsync(DbConnection connection, DbTransaction transaction, long sequence, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE audit_head SET anchor_sequence = @sequence, anchor_hash = (SELECT hash FROM audit_log WHERE sequence = @sequence) WHERE id = 1", new { sequence }, transaction, cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition("DELETE FROM audit_log WHERE sequence <= @sequence", new { sequence }, transaction, cancellationToken: cancellationToken));
    }

    internal sealed class Head
    {
        public long Sequence { get; init; }

        public required byte[] Hash { get; init; }

        public long AnchorSequence { get; init; }

        public required byte[] AnchorHash { get; init; }
    }

    internal sealed class Row
    {
        public long Sequence { get; init; }

        public long Time { get; init; }

        public string? Hub { get; init; }

        public required string Actor { get; init; }

        public required string Action { get; init; }

        public required string Subject { get; init; }

        public string? Detail { get; init; }

        public required byte[] Hash { get; init; }

        internal AuditRecord Fields => new() { Hub = Hub, Actor = Actor, Action = Action, Subject = Subject, Detail = Detail };

        internal AuditEntry ToEntry() => new(Sequence, AuditEntry.FromMicros(Time), Fields, Hash);
    }
}
