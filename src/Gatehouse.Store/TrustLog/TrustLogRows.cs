using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Dapper;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Transparency;

namespace Gatehouse.Store.TrustLog;

/// <summary>SQL of the trust log.</summary>
internal static class TrustLogRows
{
    private const int MaxRowsOfStatement = 64;
    private const string Columns = "audit_sequence AS Sequence, entry AS Entry, fingerprint AS Fingerprint";

    /// <summary>What is a change of trust among records, as it waits.</summary>
    /// <param name="records">As they are written.</param>
    /// <param name="first">Sequence number of the first.</param>
    /// <param name="micros">Their time.</param>
    internal static IEnumerable<Row> RowsOf(IReadOnlyList<AuditRecord> records, long first, long micros)
    {
        for (var i = 0; i < records.Count; i++)
        {
            if (TrustActions.IsTrust(records[i].Action))
            {
                yield return new Row { Sequence = first + i, Entry = TrustEntry.Write(records[i], first + i, micros), Fingerprint = records[i].Fingerprint is { } fingerprint ? Convert.FromHexString(fingerprint) : null };
            }
        }
    }

    /// <summary>Adds a statement that puts rows into the queue, to those of the transaction that makes the change.</summary>
    internal static void AddToQueue(StringBuilder sql, DynamicParameters parameters, IReadOnlyList<Row> rows) =>
        AddRows(sql.Append(sql.Length == 0 ? "" : "; ").Append("INSERT INTO trust_log_queue (audit_sequence, entry, fingerprint) VALUES "), parameters, rows, null);

    internal static async Task<IReadOnlyList<Row>> ReadQueueAsync(WriteTransaction write, int max, CancellationToken cancellationToken) => (await write.Connection.QueryAsync<Row>(new CommandDefinition(
        $"SELECT {Columns} FROM trust_log_queue ORDER BY audit_sequence LIMIT @max", new { max }, write.Transaction, cancellationToken: cancellationToken))).AsList();

    /// <summary>Moves rows of the queue to their places.</summary>
    internal static async Task PlaceAsync(WriteTransaction write, SqlDialect dialect, IReadOnlyList<Row> rows, long first, CancellationToken cancellationToken)
    {
        foreach (var chunk in rows.Chunk(MaxRowsOfStatement))
        {
            var (sql, parameters) = (new StringBuilder("INSERT INTO trust_log_entries (audit_sequence, entry, fingerprint, position) VALUES "), new DynamicParameters());
            AddRows(sql, parameters, chunk, first);
            await write.Connection.ExecuteAsync(new CommandDefinition(sql.ToString(), parameters, write.Transaction, cancellationToken: cancellationToken));
            first += chunk.Length;
        }

        await write.Connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM trust_log_queue WHERE audit_sequence {dialect.AnyOf("@numbers")}", new { numbers = rows.Select(static row => row.Sequence).ToArray() }, write.Transaction, cancellationToken: cancellationToken));
    }

    internal static async Task SaveTilesAsync(WriteTransaction write, IReadOnlyList<(int Level, long Index, byte[] Hashes)> tiles, CancellationToken cancellationToken)
    {
        foreach (var (level, index, hashes) in tiles)
        {
            await write.Connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO trust_log_tiles (level, tile, hashes) VALUES (@level, @index, @hashes) ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes",
                new { level = (long)level, index, hashes }, write.Transaction, cancellationToken: cancellationToken));
        }
    }

    internal static Task<byte[]?> ReadTileAsync(DbConnection connection, DbTransaction? transaction, int level, long index, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(
        "SELECT hashes FROM trust_log_tiles WHERE level = @level AND tile = @index", new { level = (long)level, index }, transaction, cancellationToken: cancellationToken));

    internal static async Task<IReadOnlyList<byte[]>> ReadEntriesAsync(DbConnection connection, long first, int count, CancellationToken cancellationToken) => (await connection.QueryAsync<byte[]>(new CommandDefinition(
        "SELECT entry FROM trust_log_entries WHERE position >= @first AND position < @end ORDER BY position", new { first, end = first + count }, cancellationToken: cancellationToken))).AsList();

    /// <summary>Places of the entries about a certificate or key, newest first.</summary>
    internal static async Task<IReadOnlyList<long>> FindAsync(DbConnection connection, byte[] fingerprint, int max, CancellationToken cancellationToken, DbTransaction? transaction = null) => (await connection.QueryAsync<long>(new CommandDefinition(
        "SELECT position FROM trust_log_entries WHERE fingerprint = @fingerprint ORDER BY position DESC LIMIT @max", new { fingerprint, max }, transaction, cancellationToken: cancellationToken))).AsList();

    internal static async Task<bool> IsWaitingAsync(DbConnection connection, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition("SELECT audit_sequence FROM trust_log_queue ORDER BY audit_sequence LIMIT 1", cancellationToken: cancellationToken)) is not null;

    internal static async Task<bool> IsQueuedAsync(DbConnection connection, byte[] fingerprint, CancellationToken cancellationToken) => await connection.ExecuteScalarAsync<long>(new CommandDefinition(
        "SELECT COUNT(*) FROM trust_log_queue WHERE fingerprint = @fingerprint", new { fingerprint }, cancellationToken: cancellationToken)) > 0;

    internal static async Task<TrustLogState?> ReadStateAsync(DbConnection connection, DbTransaction? transaction, string forUpdate, CancellationToken cancellationToken)
    {
        var head = await connection.QuerySingleOrDefaultAsync<Head>(new CommandDefinition(
            $"SELECT origin AS Origin, size AS Size, root AS Root, checkpoint AS Checkpoint, checkpoint_size AS CheckpointSize FROM trust_log_head WHERE id = 1{forUpdate}", null, transaction, cancellationToken: cancellationToken));
        if (head is null)
        {
            return null;
        }

        var keys = await connection.QueryAsync<Key>(new CommandDefinition(
            "SELECT number AS Number, signing_key AS Address, verifier_key AS VerifierKey, handover AS Handover FROM trust_log_keys ORDER BY number", null, transaction, cancellationToken: cancellationToken));
        return new TrustLogState(head.Origin, head.Size, head.Root, head.Checkpoint.Length == 0 ? null : head.Checkpoint, head.CheckpointSize, [.. keys.Select(static key => key.ToView())]);
    }

    /// <summary>False when there is a log already.</summary>
    internal static async Task<bool> BeginAsync(WriteTransaction write, string origin, string signingKey, string verifierKey, CancellationToken cancellationToken)
    {
        var made = await write.Connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO trust_log_head (id, origin, size, root, checkpoint, checkpoint_size) VALUES (1, @origin, 0, @root, '', 0) ON CONFLICT (id) DO NOTHING",
            new { origin, root = MerkleHash.EmptyRoot }, write.Transaction, cancellationToken: cancellationToken));
        if (made == 1)
        {
            await AddKeyAsync(write, 0, signingKey, verifierKey, cancellationToken);
        }

        return made == 1;
    }

    internal static Task AddKeyAsync(WriteTransaction write, long number, string signingKey, string verifierKey, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "INSERT INTO trust_log_keys (number, signing_key, verifier_key, handover) VALUES (@number, @signingKey, @verifierKey, '')", new { number, signingKey, verifierKey }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task HandOverAsync(WriteTransaction write, long number, string checkpoint, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE trust_log_keys SET handover = @checkpoint WHERE number = @number", new { number, checkpoint }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task SaveHeadAsync(WriteTransaction write, long size, byte[] root, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE trust_log_head SET size = @size, root = @root WHERE id = 1", new { size, root }, write.Transaction, cancellationToken: cancellationToken));

    internal static Task SaveCheckpointAsync(WriteTransaction write, string checkpoint, long size, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE trust_log_head SET checkpoint = @checkpoint, checkpoint_size = @size WHERE id = 1", new { checkpoint, size }, write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Takes the tree away and puts what is in it back into the queue.</summary>
    internal static Task TakeApartAsync(WriteTransaction write, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO trust_log_queue (audit_sequence, entry, fingerprint) SELECT audit_sequence, entry, fingerprint FROM trust_log_entries WHERE true ON CONFLICT (audit_sequence) DO NOTHING;
        DELETE FROM trust_log_entries;
        DELETE FROM trust_log_tiles;
        DELETE FROM trust_log_keys;
        DELETE FROM trust_log_head;
        """,
        null, write.Transaction, cancellationToken: cancellationToken));

    private static void AddRows(StringBuilder sql, DynamicParameters parameters, IReadOnlyList<Row> rows, long? first)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            sql.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ", ")}(@q{i}, @e{i}, @f{i}{(first is null ? "" : $", @p{i}")})");
            parameters.Add($"q{i}", rows[i].Sequence);
            parameters.Add($"e{i}", rows[i].Entry);
            parameters.Add($"f{i}", rows[i].Fingerprint, DbType.Binary);
            if (first is not null)
            {
                parameters.Add($"p{i}", first + i);
            }
        }
    }

    internal sealed class Row
    {
        public long Sequence { get; init; }

        public required byte[] Entry { get; init; }

        public byte[]? Fingerprint { get; init; }
    }

    private sealed class Head
    {
        public required string Origin { get; init; }

        public long Size { get; init; }

        public required byte[] Root { get; init; }

        public required string Checkpoint { get; init; }

        public long CheckpointSize { get; init; }
    }

    private sealed class Key
    {
        public long Number { get; init; }

        public required string Address { get; init; }

        public required string VerifierKey { get; init; }

        public required string Handover { get; init; }

        internal TrustLogKey ToView() => new(Number, Address, VerifierKey, Handover.Length == 0 ? null : Handover);
    }
}
