using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>SQL of feedback that waits for its batch (Schema/0005).</summary>
internal static class FeedbackRows
{
    internal static Task InsertAsync(WriteTransaction write, FeedbackRow row, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO feedback_records (hub, id, device_id, generation_id, message_id, outcome, recorded)
            VALUES (@Hub, @Id, @DeviceId, @GenerationId, @MessageId, @Outcome, @Recorded)
            """,
            row,
            write.Transaction,
            cancellationToken: cancellationToken));

    /// <summary>How much waits in each hub, and since when.</summary>
    internal static async Task<IReadOnlyList<WaitingFeedback>> CountAsync(DbConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<WaitingFeedback>(new CommandDefinition(
            "SELECT hub AS Hub, COUNT(*) AS Records, MIN(recorded) AS Oldest FROM feedback_records GROUP BY hub", cancellationToken: cancellationToken))];

    internal static async Task<IReadOnlyList<FeedbackRow>> ReadAsync(WriteTransaction write, HubName hub, int most, CancellationToken cancellationToken) =>
        [.. await write.Connection.QueryAsync<FeedbackRow>(new CommandDefinition(
            """
            SELECT hub AS Hub, id AS Id, device_id AS DeviceId, generation_id AS GenerationId, message_id AS MessageId, outcome AS Outcome, recorded AS Recorded
            FROM feedback_records WHERE hub = @hub ORDER BY id LIMIT @most
            """,
            new { hub = hub.Value, most },
            write.Transaction,
            cancellationToken: cancellationToken))];

    /// <summary>By their very ids: another transaction may have added records in between.</summary>
    internal static Task RemoveAsync(WriteTransaction write, HubName hub, IEnumerable<string> ids, CancellationToken cancellationToken) =>
        write.Connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM feedback_records WHERE hub = @hub AND id = @id", ids.Select(id => new { hub = hub.Value, id }), write.Transaction, cancellationToken: cancellationToken));
}
