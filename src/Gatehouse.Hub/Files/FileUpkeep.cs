using Gatehouse.Contracts.Errors;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Files;

/// <summary>Removes what was begun and never finished: uploads a day after their end, their blocks, and files that a crash left without a row.</summary>
internal sealed class FileUpkeep(Database database, BlobStore blobs, FileOptions options, TimeProvider time, ILogger<FileUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // A device that comes late is told that its id has expired, not that there never was one.
    private static readonly TimeSpan ExpiredKept = TimeSpan.FromDays(1);

    // A file has no row while its body arrives; none arrives longer than a token lives.
    private static readonly TimeSpan MaxArrival = TimeSpan.FromDays(1);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var left = await database.WriteAsync(
            async (write, token) =>
            {
                await FileUploadRows.RemoveOldAsync(write, (now - ExpiredKept).UtcTicks, token);
                return Result<IReadOnlyList<string>>.Of(await BlobRows.RemoveLeftBlocksAsync(write, now.UtcTicks, token));
            },
            cancellationToken);
        blobs.Delete(left.Value);
        if (left.Value.Count > 0)
        {
            log.UnfinishedFilesRemoved(left.Value.Count);
        }
    }

    internal async Task RemoveStraysAsync(CancellationToken cancellationToken)
    {
        var old = new DirectoryInfo(options.Folder!).EnumerateFiles().Where(file => file.LastWriteTimeUtc < (time.GetUtcNow() - MaxArrival).UtcDateTime).Select(file => file.Name).ToList();
        if (old.Count > 0)
        {
            var known = await database.ReadAsync(BlobRows.FileNamesAsync, cancellationToken);
            blobs.Delete(old.Where(name => !known.Contains(name)));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Folder is null)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        var isFirst = true;
        while (await WaitAsync(timer, stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
                if (isFirst)
                {
                    await RemoveStraysAsync(stoppingToken);
                    isFirst = false;
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
