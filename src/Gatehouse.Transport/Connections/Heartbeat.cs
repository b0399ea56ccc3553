using Gatehouse.Transport.Admission;
using Gatehouse.Transport.Tls;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Transport.Connections;

/// <summary>The one timer of the front door: moves the coarse clock, cuts connections that are due, and now and then looks at certificate files.</summary>
internal sealed class Heartbeat(ConnectionTable table, RefusalTally tally, ServerCertificates certificates, CertificateRollover rollover, TlsOptions tls, CoarseClock clock, TimeProvider time) : BackgroundService
{
    public const int PeriodMilliseconds = 1_000;

    private static readonly TimeSpan RenewalInterval = TimeSpan.FromHours(1);
    private long _nextLook;
    private long _nextRenewal;

    /// <summary>One beat.</summary>
    public void Beat()
    {
        clock.Beat();
        var now = clock.Now;
        table.Sweep(now, time.GetUtcNow().UtcTicks);
        tally.Beat();
        rollover.Beat();
        if (now >= _nextLook)
        {
            _nextLook = now + (long)tls.ReloadInterval.TotalMilliseconds;
            certificates.Look();
        }

        if (now >= _nextRenewal)
        {
            _nextRenewal = now + (long)RenewalInterval.TotalMilliseconds;
            certificates.RenewIfDue();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(PeriodMilliseconds), time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                Beat();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A folder that vanished must not stop the sweep.
                TransportLog.CertificateNotLoaded(table.Log, e.Message);
            }
        }
    }
}
