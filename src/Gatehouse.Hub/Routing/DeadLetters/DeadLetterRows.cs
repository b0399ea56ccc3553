using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Routing.DeadLetters;

/// <summary>SQL of the <c>dead_letters</c> table (Schema/0015).</summary>
internal static class DeadLetterRows
{
    private const string OfEndpoint = "hub = @hub AND endpoint = @endpoint";
    private const string Select = "SELECT part AS Part, sequence AS Sequence, buried AS Buried, enqueued AS Enqueued, reason AS Reason, size AS Size, record AS Record FROM dead_letters";

    /// <summary>Adds them; one that is there already stays as it is.</summary>
    internal static Task AddAsync(WriteTransaction write, HubName hub, string endpoint, IEnumerable<DeadLetterRow> rows, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO dead_letters (hub, endpoint, part, sequence, buried, enqueued, reason, size, record)
            VALUES (@hub, @endpoint, @Part, @Sequence, @Buried, @Enqueued, @Reason, @Size, @Record) ON CONFLICT (hub, endpoint, part, sequence) DO NOTHING
            """,
            rows.Select(row => new { hub = hub.Value, endpoint, row.Part, row.Sequence, row.Buried, row.Enqueued, row.Reason, row.Size, row.Record }),
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>When there are more than so many, or so many bytes, removes the oldest; how many went, and what is left: a hundredth less than may be, so that the next ones need no counting.</summary>
    internal static async Task<(int Cut, DeadLetterSum Left)> CutAsync(WriteTransaction write, HubName hub, string endpoint, int maxLetters, long maxBytes, CancellationToken cancellationToken)
    {
        var all = await SumAsync(write, hub, endpoint, cancellationToken);
        if (all.Letters <= maxLetters && all.Bytes <= maxBytes)
        {
            return (0, all);
        }

        var cut = await write.Connection.ExecuteAsync(new CommandDefinition(
            $"""
            DELETE FROM dead_letters WHERE {OfEndpoint} AND (part, sequence) IN (
              SELECT part, sequence FROM (
                SELECT part, sequence, ROW_NUMBER() OVER newest AS place, SUM(size) OVER newest AS bytes FROM dead_letters WHERE {OfEndpoint}
                WINDOW newest AS (ORDER BY buried DESC, part DESC, sequence DESC)) AS listed
              WHERE place > @letters OR bytes > @bytes)
            """,
            new { hub = hub.Value, endpoint, letters = maxLetters - (maxLetters / 100), bytes = maxBytes - (maxBytes / 100) },
            write.Transaction,
            cancellationToken: cancellationToken));
        return (cut, await SumAsync(write, hub, endpoint, cancellationToken));
    }

    /// <summary>The oldest first.</summary>
    /// <param name="connection">Where to read.</param>
    /// <param name="transaction">In which; null for none.</param>
    /// <param name="hub">Hub.</param>
    /// <param name="endpoint">Id of the endpoint.</param>
    /// <param name="after">Only those behind this one; null for all.</param>
    /// <param name="until">Only those that were buried no later; ticks.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    internal static async Task<IReadOnlyList<DeadLetterRow>> ReadAsync(
        DbConnection connection, DbTransaction? transaction, HubName hub, string endpoint, DeadLetterRow? after, long until, int count, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<DeadLetterRow>(new CommandDefinition(
            $"{Select} WHERE {OfEndpoint} AND buried <= @until{(after is null ? "" : " AND (buried, part, sequence) > (@buried, @part, @sequence)")} ORDER BY buried, part, sequence LIMIT @count",
            new { hub = hub.Value, endpoint, until, count, buried = after?.Buried, part = after?.Part, sequence = after?.Sequence },
            transaction,
            cancellationToken: cancellationToken))];

    internal static Task<DeadLetterRow?> FindAsync(DbConnection connection, HubName hub, string endpoint, DeadLetterId id, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<DeadLetterRow>(new CommandDefinition(
            $"{Select} WHERE {OfEndpoint} AND part = @Part AND sequence = @Sequence", new { hub = hub.Value, endpoint, id.Part, id.Sequence }, cancellationToken: cancellationToken));

    internal static Task<int> DeleteAsync(WriteTransaction write, HubName hub, string endpoint, IEnumerable<DeadLetterId> ids, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM dead_letters WHERE {OfEndpoint} AND part = @Part AND sequence = @Sequence",
            ids.Select(id => new { hub = hub.Value, endpoint, id.Part, id.Sequence }),
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>How many went.</summary>
    internal static Task<int> DeleteOldestAsync(WriteTransaction write, HubName hub, string endpoint, int max, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM dead_letters WHERE {OfEndpoint} AND (part, sequence) IN (SELECT part, sequence FROM dead_letters WHERE {OfEndpoint} ORDER BY buried, part, sequence LIMIT @max)",
            new { hub = hub.Value, endpoint, max },
            write.Transaction,
            cancellationToken: cancellationToken));

    private static async Task<DeadLetterSum> SumAsync(WriteTransaction write, HubName hub, string endpoint, CancellationToken cancellationToken)
    {
        var (letters, bytes) = await write.Connection.QuerySingleAsync<(long Letters, long Bytes)>(new CommandDefinition(
            $"SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM dead_letters WHERE {OfEndpoint}", new { hub = hub.Value, endpoint }, write.Transaction, cancellationToken: cancellationToken));
        return new DeadLetterSum(letters, bytes);
    }

    /// <summary>Letters by id of their endpoint.</summary>
    internal static async Task<Dictionary<string, long>> CountAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<(string Endpoint, long Letters)>(new CommandDefinition(
            "SELECT endpoint, COUNT(*) FROM dead_letters WHERE hub = @hub GROUP BY endpoint", new { hub = hub.Value }, cancellationToken: cancellationToken));
        return rows.ToDictionary(row => row.Endpoint, row => row.Letters, StringComparer.Ordinal);
    }
}
