using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.Notifications;

/// <summary>SQL of the queues of notifications (Schema/0005).</summary>
internal static class NotificationRows
{
    /// <summary>Number of the next notification; takes the lock of the queue.</summary>
    internal static Task<long> NextAsync(WriteTransaction write, HubName hub, NotificationKind kind, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            INSERT INTO notification_queues (hub, kind, last_sequence) VALUES (@Hub, @Kind, 1)
            ON CONFLICT (hub, kind) DO UPDATE SET last_sequence = notification_queues.last_sequence + 1
            RETURNING last_sequence
            """,
            new { Hub = hub.Value, Kind = (long)kind },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, NotificationRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO notifications (hub, kind, sequence, body, enqueued, expires, delivery_count, lock_token, locked_until)
            VALUES (@Hub, @Kind, @Sequence, @Body, @Enqueued, @Expires, 0, NULL, 0)
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>When one can be taken: a past time, 0 included, for now; null when there is none.</summary>
    internal static Task<long?> NextLookAsync(DbConnection connection, HubName hub, NotificationKind kind, long now, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT MIN(locked_until) FROM notifications WHERE hub = @Hub AND kind = @Kind AND expires > @Now",
            new { Hub = hub.Value, Kind = (long)kind, Now = now },
            cancellationToken: cancellationToken));

    /// <summary>Locks the first that nobody holds; null when there is none.</summary>
    internal static async Task<NotificationRow?> TakeAsync(
        WriteTransaction write, SqlDialect dialect, HubName hub, NotificationKind kind, long now, Guid token, long until, CancellationToken cancellationToken)
    {
        var row = await write.Connection.QuerySingleOrDefaultAsync<NotificationRow>(new CommandDefinition(
            $"""
            SELECT hub AS Hub, kind AS Kind, sequence AS Sequence, body AS Body, enqueued AS Enqueued, expires AS Expires, delivery_count AS DeliveryCount
            FROM notifications WHERE hub = @Hub AND kind = @Kind AND locked_until <= @Now AND expires > @Now ORDER BY sequence LIMIT 1{dialect.ForUpdate}
            """,
            new { Hub = hub.Value, Kind = (long)kind, Now = now },
            write.Transaction,
            cancellationToken: cancellationToken));
        if (row is not null)
        {
            await write.Connection.ExecuteAsync(new CommandDefinition(
                "UPDATE notifications SET lock_token = @Token, locked_until = @Until WHERE hub = @Hub AND kind = @Kind AND sequence = @Sequence",
                new { row.Hub, row.Kind, row.Sequence, Token = token.ToString(), Until = until },
                write.Transaction,
                cancellationToken: cancellationToken));
        }

        return row;
    }

    /// <summary>Removes what the token holds; null when it holds nothing.</summary>
    internal static Task<long?> RemoveHeldAsync(WriteTransaction write, HubName hub, NotificationKind kind, Guid token, long now, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "DELETE FROM notifications WHERE hub = @Hub AND kind = @Kind AND lock_token = @Token AND locked_until > @Now RETURNING sequence",
            new { Hub = hub.Value, Kind = (long)kind, Token = token.ToString(), Now = now },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Puts back what the token holds; null when it holds nothing.</summary>
    /// <param name="write">Transaction.</param>
    /// <param name="hub">Hub.</param>
    /// <param name="kind">Queue.</param>
    /// <param name="token">Lock token.</param>
    /// <param name="now">Time.</param>
    /// <param name="counted">1 when this counts as a delivery, 0 when not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal static Task<NotificationRow?> PutBackAsync(
        WriteTransaction write, HubName hub, NotificationKind kind, Guid token, long now, int counted, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<NotificationRow>(new CommandDefinition(
            """
            UPDATE notifications SET delivery_count = delivery_count + @Counted, lock_token = NULL, locked_until = 0
            WHERE hub = @Hub AND kind = @Kind AND lock_token = @Token AND locked_until > @Now
            RETURNING hub AS Hub, kind AS Kind, sequence AS Sequence, delivery_count AS DeliveryCount
            """,
            new { Hub = hub.Value, Kind = (long)kind, Token = token.ToString(), Now = now, Counted = counted },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task RemoveAsync(WriteTransaction write, NotificationRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM notifications WHERE hub = @Hub AND kind = @Kind AND sequence = @Sequence",
            new { row.Hub, row.Kind, row.Sequence },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static async Task<bool> HasExpiredAsync(DbConnection connection, long now, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT sequence FROM notifications WHERE expires <= @now AND locked_until <= @now LIMIT 1", new { now }, cancellationToken: cancellationToken)) is not null;

    internal static Task<int> RemoveExpiredAsync(WriteTransaction write, long now, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM notifications WHERE expires <= @now AND locked_until <= @now", new { now }, write.Transaction, cancellationToken: cancellationToken));
}
