using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Files;

/// <summary>Removes what was begun and never finished: uploads a day after their end, their blocks, and files that something cut short left without a row; and files whose time has come.</summary>
internal sealed class FileUpkeep(Database database, BlobStore blobs, UploadPlaces places, FileOptions options, TimeProvider time, ILogger<FileUpkeep> log) : Upkeep(TimeSpan.FromMinutes(1), time)
{
    private const int MaxLines = 20;

    // A device that comes late is told that its id has expired, not that there never was one.
    private static readonly TimeSpan ExpiredKept = TimeSpan.FromDays(1);

    // Each time the whole folder is read.
    private static readonly TimeSpan StrayInterval = TimeSpan.FromHours(1);

    private DateTimeOffset nextStrays = options.Folder is null ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Folder is not null && !places.IsEmbeddedOn)
        {
            log.EmbeddedEndpointOff();
        }

        return base.StartAsync(cancellationToken);
    }

    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        await RemoveUnfinishedAsync(cancellationToken);
        if (Time.GetUtcNow() >= nextStrays)
        {
            nextStrays = Time.GetUtcNow() + StrayInterval;
            await RemoveStraysAsync(cancellationToken);
        }
    }

    internal async Task RemoveUnfinishedAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
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
        var old = new DirectoryInfo(options.Folder!).EnumerateFiles().Where(file => file.LastWriteTimeUtc < (Time.GetUtcNow() - BlobStore.MaxArrival).UtcDateTime).Select(file => file.Name).ToList();
        if (old.Count > 0)
        {
            var known = await database.ReadAsync(BlobRows.FileNamesAsync, cancellationToken);
            blobs.Delete(old.Where(name => !known.Contains(name)));
        }
    }

    protected override void TellFailed(Exception error) => log.FileUpkeepFailed(error);

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
}
