using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.ServerCertificates;

/// <summary>Takes to the audit log what the node did with its certificate by itself, or was killed before it had recorded.</summary>
internal sealed class ServerCertificateUpkeep(ServerCertificateChanges changes, ShownCertificateRecord shown, TimeProvider time, ILogger<ServerCertificateUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the caller's thread.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await changes.RecordAsync(stoppingToken);
                await shown.RecordAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                logger.ServerCertificateNotRecorded(error);
            }
            catch (Exception)
            {
                // The server stops; the record stays in the file.
                return;
            }

            await Task.Delay(Round, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
