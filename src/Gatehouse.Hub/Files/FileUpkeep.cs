using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Files;

/// <summary>Removes what was begun and never finished: uploads a day after their end, their blocks, and files that something cut short left without a row; and files whose time has come.</summary>
internal sealed class FileUpkeep(Database database, BlobStore blobs, UploadPlaces places, FileOptions options, TimeProvider time, ILogger<FileUpkeep> log) : BackgroundService
{
    private const int MaxLines = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // A device that comes late is told that its id has expired, not that there never was one.
    private static readonly TimeSpan ExpiredKept = TimeSpan.FromDays(1);

    // Each time the whole folder is read.
    private static readonly TimeSpan StrayInterval = TimeSpan.FromHours(1);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        IReadOnlyList<FileUploadRow> unfinished = [];
        IReadOnlyList<string> blocks = [], expired = [];
        await database.WriteAsync<bool>(
            async (write, token) =>
            {
                unfinished = await FileUploadRows.TakeUnfinishedAsync(write, (now - options.NotificationWindow).UtcTicks, token);
                blocks = await BlobRows.RemoveLeftBlocksAsync(write, now.UtcTicks, token);
                expired = options.Retention is { } kept ? await BlobRows.RemoveOldAsync(write, (now - kept).UtcTicks, token) : [];
                await FileUploadRows.RemoveOldAsync(write, (now - options.NotificationWindow - ExpiredKept).UtcTicks, token);
                return true;
            },
            cancellationToken);
        blobs.Delete(blocks.Concat(expired));
        Tell(unfinished, blocks.Count, expired.Count);
    }

    internal async Task RemoveStraysAsync(CancellationToken cancellationToken)
    {
        // A file has no row while its body arrives, and the store ends one that takes longer.
        var old = new DirectoryInfo(options.Folder!).EnumerateFiles().Where(file => file.LastWriteTimeUtc < (time.GetUtcNow() - BlobStore.MaxArrival).UtcDateTime).Select(file => file.Name).ToList();
        if (old.Count > 0)
        {
            var known = await database.ReadAsync(BlobRows.FileNamesAsync, cancellationToken);
            blobs.Delete(old.Where(name => !known.Contains(name)));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Folder is not null && !places.IsEmbeddedOn)
        {
            log.EmbeddedEndpointOff();
        }

        using var timer = new PeriodicTimer(Interval, time);
        var nextStrays = options.Folder is null ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue;
        while (await WaitAsync(timer, stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
                if (time.GetUtcNow() >= nextStrays)
                {
                    nextStrays = time.GetUtcNow() + StrayInterval;
                    await RemoveStraysAsync(stoppingToken);
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                log.FileUpkeepFailed(error);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Tell(IReadOnlyList<FileUploadRow> unfinished, int blocks, int expired)
    {
        foreach (var upload in unfinished.Take(MaxLines))
        {
            log.UploadNotFinished(upload.DeviceId, upload.Hub, upload.BlobName, new DateTimeOffset(upload.Started, TimeSpan.Zero));
        }

        if (unfinished.Count > MaxLines)
        {
            log.MoreUploadsNotFinished(unfinished.Count - MaxLines);
        }

        if (blocks > 0)
        {
            log.UnfinishedFilesRemoved(blocks);
        }

        if (expired > 0)
        {
            log.FilesExpired(expired);
        }
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
