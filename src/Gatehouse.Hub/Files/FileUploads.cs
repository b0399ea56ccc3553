using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Notifications;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>Uploads of files: a device asks for a place, writes there straight, and says that it has; back ends are told.</summary>
/// <remarks>Source: IoT Hub "Upload files with IoT Hub" page.</remarks>
public sealed class FileUploads
{
    private readonly Database database;
    private readonly BlobAccess access;
    private readonly BlobStore blobs;
    private readonly NotificationQueues notifications;
    private readonly FileOptions options;
    private readonly TimeProvider time;

    internal FileUploads(Database database, BlobAccess access, BlobStore blobs, NotificationQueues notifications, FileOptions options, TimeProvider time) =>
        (this.database, this.access, this.blobs, this.notifications, this.options, this.time) = (database, access, blobs, notifications, options, time);

    /// <summary>A place for one file of the device, to write to until the token ends. DefaultStorageEndpointNotConfigured, ArgumentInvalid, DeviceMaximumActiveFileUploadLimitExceeded.</summary>
    public async Task<Result<FileUploadTicket>> InitializeAsync(HubName hub, DeviceId device, string? blobName, CancellationToken cancellationToken)
    {
        if (options.Folder is null)
        {
            return HubErrors.DefaultStorageEndpointNotConfigured;
        }

        var blob = BlobNames.Of(device, blobName);
        if (!blob.IsOk)
        {
            return blob.Error;
        }

        // Shown in whole seconds; not a moment longer.
        var (now, correlationId) = (time.GetUtcNow(), Guid.NewGuid().ToString("N"));
        var expires = new DateTimeOffset((now + options.TokenLife).UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var begun = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                // Takes the lock of the device, so that two beginnings count each other.
                if (await DeviceMessageRows.LockDeviceAsync(write, database.Dialect, hub.Value, device.Value, token) is null)
                {
                    return HubErrors.DeviceNotFound;
                }

                if (await FileUploadRows.CountActiveAsync(write, hub, device, now.UtcTicks, token) >= options.MaxActiveUploads)
                {
                    return HubErrors.DeviceMaximumActiveFileUploadLimitExceeded.With($"{options.MaxActiveUploads} uploads of the device are not finished, the most that may.");
                }

                await FileUploadRows.InsertAsync(
                    write,
                    new FileUploadRow { Hub = hub.Value, CorrelationId = correlationId, DeviceId = device.Value, BlobName = blob.Value, Started = now.UtcTicks, Expires = expires.UtcTicks },
                    token);
                return true;
            },
            cancellationToken);
        return begun.IsOk
            ? new FileUploadTicket(correlationId, BlobAccess.Container, blob.Value, await access.SignAsync(hub, blob.Value, "rw", expires, cancellationToken))
            : begun.Error;
    }

    /// <summary>The device has finished, or given up. InvalidFileUploadCorrelationId, ExpiredFileUploadCorrelationId, InvalidFileUploadCompletionStatus.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="device">Who says so.</param>
    /// <param name="endpoint">Scheme, host and port of the blob endpoint, for the notification.</param>
    /// <param name="correlationId">Of <see cref="InitializeAsync"/>.</param>
    /// <param name="isSuccess">The file is whole.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Result<bool>> NotifyAsync(HubName hub, DeviceId device, string endpoint, string correlationId, bool isSuccess, CancellationToken cancellationToken)
    {
        IReadOnlyList<BlobBlock> left = [];
        var ended = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                var now = time.GetUtcNow();
                if (await FileUploadRows.RemoveAsync(write, hub, device, correlationId, token) is not { } upload)
                {
                    return HubErrors.InvalidFileUploadCorrelationId;
                }

                if (upload.Expires <= now.UtcTicks)
                {
                    return HubErrors.ExpiredFileUploadCorrelationId;
                }

                var blob = await BlobRows.FindAsync(write.Connection, write.Transaction, hub, upload.BlobName, token);
                if (isSuccess && (blob is null || blob.Changed < upload.Started))
                {
                    return HubErrors.InvalidFileUploadCompletionStatus.With("The upload is said to have succeeded, but nothing was written.");
                }

                left = await BlobRows.BlocksAsync(write.Connection, write.Transaction, hub, upload.BlobName, token);
                await BlobRows.RemoveBlocksAsync(write, hub, upload.BlobName, token);
                if (isSuccess && options.Notifications)
                {
                    await notifications.PutAsync(write, hub, NotificationKind.FileNotification, Describe(device, endpoint, upload.BlobName, blob!, now), token);
                }

                return true;
            },
            cancellationToken);
        if (ended.IsOk)
        {
            blobs.Delete(left.Select(block => block.FileName));
        }

        return ended;
    }

    // Source: service-plane §7.3 of the wire reference.
    private static byte[] Describe(DeviceId device, string endpoint, string name, StoredBlob blob, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("deviceId", device.Value);
            json.WriteString("blobUri", $"{endpoint}/{BlobAccess.Container}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}");
            json.WriteString("blobName", name);
            json.WriteString("lastUpdatedTime", blob.ChangedTime.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
            json.WriteNumber("blobSizeInBytes", blob.Size);
            json.WriteString("enqueuedTimeUtc", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
