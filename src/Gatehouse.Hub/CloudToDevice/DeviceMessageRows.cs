using System.Data.Common;
using Dapper;
using Gatehouse.Store;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>SQL of the queues of devices (Schema/0005). A message whose lock is in force belongs to whoever holds it, also past its expiry.</summary>
internal static class DeviceMessageRows
{
    private const string OfQueue = "hub = @Hub AND device_id = @DeviceId AND generation_id = @GenerationId";

    /// <summary>Generation of the device, locked until the end of the transaction: a deletion waits, so that nothing is stored for a device that is gone. Null: there is none.</summary>
    internal static Task<string?> LockDeviceAsync(WriteTransaction write, SqlDialect dialect, string hub, string device, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<string?>(new CommandDefinition(
            $"SELECT generation_id FROM identities WHERE hub = @hub AND device_id = @device AND module_id = ''{dialect.ForUpdate}",
            new { hub, device },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Number of the next message; takes the lock of the queue.</summary>
    internal static Task<long> NextAsync(WriteTransaction write, DeviceQueue queue, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            INSERT INTO device_queues (hub, device_id, generation_id, last_sequence) VALUES (@Hub, @DeviceId, @GenerationId, 1)
            ON CONFLICT (hub, device_id, generation_id) DO UPDATE SET last_sequence = device_queues.last_sequence + 1
            RETURNING last_sequence
            """,
            KeyOf(queue),
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Takes the lock of the queue, before several of its messages are changed.</summary>
    internal static Task LockAsync(WriteTransaction write, SqlDialect dialect, DeviceQueue queue, CancellationToken cancellationToken) =>
        write.Connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            $"SELECT last_sequence FROM device_queues WHERE {OfQueue}{dialect.ForUpdate}", KeyOf(queue), write.Transaction, cancellationToken: cancellationToken));

    /// <summary>Messages that wait or are in the device's hands.</summary>
    internal static Task<long> CountAsync(DbConnection connection, DbTransaction? transaction, DeviceQueue queue, long now, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT COUNT(*) FROM device_messages WHERE {OfQueue} AND (expires > @Now OR locked_until > @Now)", KeyOf(queue, now), transaction, cancellationToken: cancellationToken));

    internal static Task InsertAsync(WriteTransaction write, DeviceMessageRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO device_messages (hub, device_id, generation_id, sequence, message_id, ack, content, enqueued, expires, delivery_count, lock_token, locked_until)
            VALUES (@Hub, @DeviceId, @GenerationId, @Sequence, @MessageId, @Ack, @Content, @Enqueued, @Expires, 0, NULL, 0)
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>When a message can be taken: a past time, 0 included, for now; null when there is none.</summary>
    internal static Task<long?> NextLookAsync(DbConnection connection, DeviceQueue queue, long now, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            $"SELECT MIN(locked_until) FROM device_messages WHERE {OfQueue} AND expires > @Now", KeyOf(queue, now), cancellationToken: cancellationToken));

    /// <summary>Locks the first message that nobody holds; null when there is none.</summary>
    internal static async Task<DeviceMessageRow?> TakeAsync(
        WriteTransaction write, SqlDialect dialect, DeviceQueue queue, long now, Guid token, long until, CancellationToken cancellationToken)
    {
        var row = await write.Connection.QuerySingleOrDefaultAsync<DeviceMessageRow>(new CommandDefinition(
            $"""
            SELECT hub AS Hub, device_id AS DeviceId, generation_id AS GenerationId, sequence AS Sequence, message_id AS MessageId, ack AS Ack, content AS Content,
                   enqueued AS Enqueued, expires AS Expires, delivery_count AS DeliveryCount
            FROM device_messages WHERE {OfQueue} AND locked_until <= @Now AND expires > @Now ORDER BY sequence LIMIT 1{dialect.ForUpdate}
            """,
            KeyOf(queue, now),
            write.Transaction,
            cancellationToken: cancellationToken));
        if (row is not null)
        {
            await write.Connection.ExecuteAsync(new CommandDefinition(
                "UPDATE device_messages SET lock_token = @Token, locked_until = @Until WHERE hub = @Hub AND device_id = @DeviceId AND generation_id = @GenerationId AND sequence = @Sequence",
                new { row.Hub, row.DeviceId, row.GenerationId, row.Sequence, Token = token.ToString(), Until = until },
                write.Transaction,
                cancellationToken: cancellationToken));
        }

        return row;
    }

    /// <summary>Removes the message that the token holds; null when it holds none.</summary>
    internal static Task<DeviceMessageRow?> RemoveHeldAsync(WriteTransaction write, DeviceQueue queue, Guid token, long now, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<DeviceMessageRow>(new CommandDefinition(
            $"DELETE FROM device_messages WHERE {OfQueue} AND lock_token = @Token AND locked_until > @Now {Returning}",
            new { Hub = queue.Hub.Value, DeviceId = queue.Device.Value, queue.GenerationId, Now = now, Token = token.ToString() },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Puts the message back that the token holds and counts; null when it holds none.</summary>
    internal static Task<DeviceMessageRow?> AbandonAsync(WriteTransaction write, DeviceQueue queue, Guid token, long now, CancellationToken cancellationToken) =>
        write.Connection.QuerySingleOrDefaultAsync<DeviceMessageRow>(new CommandDefinition(
            $"""
            UPDATE device_messages SET delivery_count = delivery_count + 1, lock_token = NULL, locked_until = 0
            WHERE {OfQueue} AND lock_token = @Token AND locked_until > @Now {Returning}
            """,
            new { Hub = queue.Hub.Value, DeviceId = queue.Device.Value, queue.GenerationId, Now = now, Token = token.ToString() },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Puts messages back that the tokens hold, without counting. Take the queue's lock first.</summary>
    internal static Task<int> ReleaseAsync(WriteTransaction write, DeviceQueue queue, IReadOnlyCollection<Guid> tokens, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"UPDATE device_messages SET lock_token = NULL, locked_until = 0 WHERE {OfQueue} AND lock_token = @Token",
            tokens.Select(token => new { Hub = queue.Hub.Value, DeviceId = queue.Device.Value, queue.GenerationId, Token = token.ToString() }),
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Puts back what sessions hold, but for these tokens, without counting. Take the queue's lock first.</summary>
    internal static Task<int> ReleaseSessionsAsync(WriteTransaction write, SqlDialect dialect, DeviceQueue queue, long now, IReadOnlyList<Guid> except, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"""
            UPDATE device_messages SET lock_token = NULL, locked_until = 0
            WHERE {OfQueue} AND locked_until > @Now AND {LockTokens.IsOfSession} AND lock_token {(dialect.ForUpdate.Length > 0 ? "<> ALL(@Except)" : "NOT IN @Except")}
            """,
            new { Hub = queue.Hub.Value, DeviceId = queue.Device.Value, queue.GenerationId, Now = now, Except = except.Select(static token => token.ToString()).ToArray() },
            write.Transaction,
            cancellationToken: cancellationToken));

    internal static Task RemoveAsync(WriteTransaction write, DeviceMessageRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            $"DELETE FROM device_messages WHERE {OfQueue} AND sequence = @Sequence",
            new { row.Hub, row.DeviceId, row.GenerationId, row.Sequence },
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>Removes all messages of the queue, held ones too. Take the queue's lock first.</summary>
    internal static async Task<IReadOnlyList<DeviceMessageRow>> RemoveAllAsync(WriteTransaction write, DeviceQueue queue, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<DeviceMessageRow>(new CommandDefinition(
            $"DELETE FROM device_messages WHERE {OfQueue} {Returning}", KeyOf(queue), write.Transaction, cancellationToken: cancellationToken))];

    /// <summary>Queues with messages that have expired and that nobody holds, those that expired first.</summary>
    internal static async Task<IReadOnlyList<DeviceQueue>> FindExpiredAsync(DbConnection connection, long now, int most, CancellationToken cancellationToken) =>
        [.. (await connection.QueryAsync<DeviceMessageRow>(new CommandDefinition(
            """
            SELECT hub AS Hub, device_id AS DeviceId, generation_id AS GenerationId FROM device_messages
            WHERE expires <= @now AND locked_until <= @now ORDER BY expires LIMIT @most
            """,
            new { now, most },
            cancellationToken: cancellationToken))).Select(static row => row.Queue).Distinct()];

    /// <summary>Removes what has expired in one queue. Take the queue's lock first.</summary>
    internal static async Task<IReadOnlyList<DeviceMessageRow>> RemoveExpiredAsync(WriteTransaction write, DeviceQueue queue, long now, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<DeviceMessageRow>(new CommandDefinition(
            $"DELETE FROM device_messages WHERE {OfQueue} AND expires <= @Now AND locked_until <= @Now {Returning}", KeyOf(queue, now), write.Transaction, cancellationToken: cancellationToken))];

    /// <summary>Removes all that a device leaves behind, whatever the generation. The device's own row must be locked or gone.</summary>
    internal static Task DropAsync(WriteTransaction write, string hub, string device, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            DELETE FROM device_queues WHERE hub = @hub AND device_id = @device;
            DELETE FROM device_messages WHERE hub = @hub AND device_id = @device;
            DELETE FROM feedback_records WHERE hub = @hub AND device_id = @device;
            """,
            new { hub, device },
            write.Transaction,
            cancellationToken: cancellationToken));

    private const string Returning = """
        RETURNING hub AS Hub, device_id AS DeviceId, generation_id AS GenerationId, sequence AS Sequence, message_id AS MessageId, ack AS Ack, delivery_count AS DeliveryCount
        """;

    private static object KeyOf(DeviceQueue queue, long now = 0) => new { Hub = queue.Hub.Value, DeviceId = queue.Device.Value, queue.GenerationId, Now = now };
}
