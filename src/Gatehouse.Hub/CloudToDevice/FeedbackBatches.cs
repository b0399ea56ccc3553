using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Notifications;
using Gatehouse.Store;

namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Gathers feedback into notifications: up to 64 records, or what 15 seconds bring.</summary>
/// <remarks>Source: IoT Hub "Send cloud-to-device messages" page.</remarks>
internal sealed class FeedbackBatches(Database database, NotificationQueues notifications, TimeProvider time)
{
    private const int MaxRecords = 64;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(15);

    /// <summary>Keeps what became of a message, if its sender wants to hear of that.</summary>
    internal static Task RecordAsync(WriteTransaction write, DeviceMessageRow row, MessageOutcome outcome, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var wanted = outcome == MessageOutcome.Success
            ? row.Acknowledgement is Acknowledgement.Positive or Acknowledgement.Full
            : row.Acknowledgement is Acknowledgement.Negative or Acknowledgement.Full;
        return wanted
            ? FeedbackRows.InsertAsync(
                write,
                new FeedbackRow
                {
                    Hub = row.Hub,
                    Id = Guid.CreateVersion7(now).ToString(),
                    DeviceId = row.DeviceId,
                    GenerationId = row.GenerationId,
                    MessageId = row.MessageId ?? "",
                    Outcome = (long)outcome,
                    Recorded = now.UtcTicks,
                },
                cancellationToken)
            : Task.CompletedTask;
    }

    /// <summary>Makes the batches that are due.</summary>
    internal async Task SendDueAsync(CancellationToken cancellationToken)
    {
        var oldest = (time.GetUtcNow() - MaxWait).UtcTicks;
        foreach (var waiting in await database.ReadAsync(FeedbackRows.CountAsync, cancellationToken))
        {
            for (var records = waiting.Records; records >= MaxRecords || (records > 0 && waiting.Oldest <= oldest); records -= MaxRecords)
            {
                await SendAsync(HubName.Parse(waiting.Hub), cancellationToken);
            }
        }
    }

    private async Task SendAsync(HubName hub, CancellationToken cancellationToken) => await database.WriteAsync<bool>(
        async (write, token) =>
        {
            // The number first: its row's lock keeps another node from making the same batch.
            var sequence = await NotificationRows.NextAsync(write, hub, NotificationKind.Feedback, token);
            var rows = await FeedbackRows.ReadAsync(write, hub, MaxRecords, token);
            if (rows.Count > 0)
            {
                await notifications.PutFeedbackAsync(write, hub, sequence, Encode(rows), token);
                await FeedbackRows.RemoveAsync(write, hub, rows.Select(static row => row.Id), token);
            }

            return true;
        },
        cancellationToken);

    private static byte[] Encode(IReadOnlyList<FeedbackRow> rows)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        foreach (var row in rows)
        {
            var status = row.Status.ToString();
            json.WriteStartObject();
            json.WriteString("originalMessageId", row.MessageId);
            json.WriteString("description", status);
            json.WriteString("deviceGenerationId", row.GenerationId);
            json.WriteString("deviceId", row.DeviceId);
            json.WriteString("enqueuedTimeUtc", new DateTime(row.Recorded, DateTimeKind.Utc).ToString("o", CultureInfo.InvariantCulture));
            json.WriteString("statusCode", status);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
