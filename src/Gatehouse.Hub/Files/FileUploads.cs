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
    private readonly UploadPlaces places;
    private readonly BlobStore blobs;
    private readonly NotificationQueues notifications;
    private readonly FileOptions options;
    private readonly TimeProvider time;

    internal FileUploads(Database database, UploadPlaces places, BlobStore blobs, NotificationQueues notifications, FileOptions options, TimeProvider time) =>
        (this.database, this.places, this.blobs, this.notifications, this.options, this.time) = (database, places, blobs, notifications, options, time);

    /// <summary>A place for one file of the device, to write to until the token ends. DefaultStorageEndpointNotConfigured, ArgumentInvalid, DeviceMaximumActiveFileUploadLimitExceeded.</summary>
    public async Task<Result<FileUploadTicket>> InitializeAsync(HubName hub, DeviceId device, string? blobName, CancellationToken cancellationToken)
    {
        var blob = BlobNames.Of(device, blobName);
        if (!blob.IsOk)
        {
            return blob.Error;
        }

        var opened = await places.OpenAsync(hub, cancellationToken);
        if (!opened.IsOk)
        {
            return opened.Error;
        }

        // Shown in whole seconds; not a moment longer.
        var (properties, place) = opened.Value;
        var (now, correlationId) = (time.GetUtcNow(), Guid.NewGuid().ToString("N"));
        var expires = new DateTimeOffset((now + properties.TokenLife).UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        var begun = await database.WriteAsync<UploadMark>(
            async (write, token) =>
            {
                // Takes the lock of the device, so that two beginnings count each other.
                if (await DeviceMessageRows.LockDeviceAsync(write, database.Dialect, hub.Value, device.Value, token) is not { } generation)
                {
                    return HubErrors.DeviceNotFound;
                }

                if (await FileUploadRows.CountActiveAsync(write, hub, device, now.UtcTicks, token) >= options.MaxActiveUploads)
                {
                    return HubErrors.DeviceMaximumActiveFileUploadLimitExceeded.With($"{options.MaxActiveUploads} uploads of the device are not finished, the most that may.");
                }

                await FileUploadRows.InsertAsync(
                    write,
                    new FileUploadRow
                    {
                        Hub = hub.Value, CorrelationId = correlationId, DeviceId = device.Value, BlobName = blob.Value, Place = place.Address, Started = now.UtcTicks, Expires = expires.UtcTicks,
                    },
                    token);
                return new UploadMark(correlationId, generation);
            },
            cancellationToken);
        return begun.IsOk ? await place.TicketAsync(hub, blob.Value, begun.Value, expires, cancellationToken) : begun.Error;
    }

    /// <summary>The device has finished, or given up. InvalidFileUploadCorrelationId, ExpiredFileUploadCorrelationId, InvalidFileUploadCompletionStatus; ServiceUnavailable: the same again, later.</summary>
    /// <param name="hub">Hub.</param>
    /// <param name="device">Who says so.</param>
    /// <param name="endpoint">Scheme, host and port that the device has reached, for the notification.</param>
    /// <param name="correlationId">Of <see cref="InitializeAsync"/>.</param>
    /// <param name="isSuccess">The file is whole.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Result<bool>> NotifyAsync(HubName hub, DeviceId device, string endpoint, string correlationId, bool isSuccess, CancellationToken cancellationToken)
    {
        var upload = await database.ReadAsync((connection, token) => FileUploadRows.FindAsync(connection, hub, device, correlationId, token), cancellationToken);
        if (upload is null || upload.Expires + options.NotificationWindow.Ticks <= time.GetUtcNow().UtcTicks)
        {
            return upload is null ? HubErrors.InvalidFileUploadCorrelationId : HubErrors.ExpiredFileUploadCorrelationId;
        }

        if (!isSuccess)
        {
            return await EndAsync(hub, upload, null, null, cancellationToken);
        }

        var opened = await places.OpenAsync(hub, cancellationToken);
        if (!opened.IsOk || opened.Value.Place.Address != upload.Place)
        {
            return HubErrors.InvalidFileUploadCompletionStatus.With("The hub's storage was changed since the upload began: begin it again.");
        }

        var (properties, place) = opened.Value;
        var found = await place.FindAsync(hub, upload.BlobName, new DateTimeOffset(upload.Started, TimeSpan.Zero), cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        return found.Value is { } file
            ? await EndAsync(hub, upload, properties.IsNotifying ? Describe(device, place.AddressOf(upload.BlobName, endpoint), upload.BlobName, file, time.GetUtcNow()) : null, properties.Notifications, cancellationToken)
            : HubErrors.InvalidFileUploadCompletionStatus.With("The upload is said to have succeeded, but nothing was written.");
    }

    private async Task<Result<bool>> EndAsync(HubName hub, FileUploadRow upload, byte[]? notification, NotificationOptions? life, CancellationToken cancellationToken)
    {
        IReadOnlyList<BlobBlock> left = [];
        var ended = await database.WriteAsync<bool>(
            async (write, token) =>
            {
                // Two notifications at once: one of them is the first.
                if (!await FileUploadRows.RemoveAsync(write, upload, token))
                {
                    return HubErrors.InvalidFileUploadCorrelationId;
                }

                // Another upload of the same name goes on with its blocks.
                if (upload.Place.Length == 0 && !await FileUploadRows.IsBegunAsync(write, hub, upload.BlobName, time.GetUtcNow().UtcTicks, token))
                {
                    left = await BlobRows.BlocksAsync(write.Connection, write.Transaction, hub, upload.BlobName, token);
                    await BlobRows.RemoveBlocksAsync(write, hub, upload.BlobName, token);
                }

                if (notification is not null)
                {
                    await notifications.PutAsync(write, hub, NotificationKind.FileNotification, notification, life!, token);
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
    private static byte[] Describe(DeviceId device, string address, string name, WrittenFile file, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("deviceId", device.Value);
            json.WriteString("blobUri", address);
            json.WriteString("blobName", name);
            json.WriteString("lastUpdatedTime", file.Changed.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture));
            json.WriteNumber("blobSizeInBytes", file.Size);
            json.WriteString("enqueuedTimeUtc", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
