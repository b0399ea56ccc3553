using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Identities;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Certificates;

/// <summary>Looks once a minute whose end has come near, and says so in the log, in the metrics and in the list of alarms: one node for each, once.</summary>
/// <remarks>
/// Devices' certificates stand in the table with the time of their next alarm, which is an index: a look costs what is due. What rooms keep themselves is read each time; what was raised of it is remembered.
/// An alarm is a row of a name that follows from what it is about; whose row it was tells of it, after the commit.
/// </remarks>
public sealed class CertificateAlarmWatch : BackgroundService
{
    private const int MaxBatch = 500;
    private const int LooksBetweenVoids = 10;
    private const int LooksBetweenSweeps = 60;

    private readonly Database database;
    private readonly CertificateInventory inventory;
    private readonly CertificateAlarmOptions options;
    private readonly AlarmSchedule schedule;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Counter<long> raised;

    // Whether the next alarms are known to be set by these thresholds.
    private bool isScheduled;

    // Names of alarms about standing certificates that are rows already, so that nothing is written for them each minute.
    private HashSet<(string Tenant, string Id)> standing = [];

    public CertificateAlarmWatch(Database database, CertificateInventory inventory, CertificateAlarmOptions options, TimeProvider time, IMeterFactory meters, ILogger<CertificateAlarmWatch> logger)
    {
        ArgumentNullException.ThrowIfNull(meters);
        (this.database, this.inventory, this.options, this.time, this.logger) = (database, inventory, options, time, logger);
        schedule = new AlarmSchedule(options);
        raised = meters.Create("Gatehouse.Store").CreateCounter<long>("gatehouse.certificates.alarms", "{alarm}", "Alarms about certificates and revocation lists that end, by kind and threshold in days (0: it has ended).");
    }

    /// <summary>One look.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!isScheduled)
        {
            await database.WriteAsync<bool>(
                async (write, cancel) =>
                {
                    await KnownCertificateRows.RescheduleAsync(write, schedule.ToString(), time.GetUtcNow().UtcTicks, cancel);
                    return true;
                },
                cancellationToken);
            isScheduled = true;
        }

        await LookAtStandingAsync(cancellationToken);
        while (await LookAtDueAsync(cancellationToken) == MaxBatch)
        {
            // As long as there are full batches, each a transaction of its own.
        }
    }

    /// <summary>Closes what has become void.</summary>
    internal async Task CloseVoidAsync(CancellationToken cancellationToken)
    {
        foreach (var tenant in inventory.Tenants)
        {
            var gone = await database.ReadAsync((connection, cancel) => CertificateAlarmRows.ListVoidAsync(connection, tenant.Value, MaxBatch, cancel), cancellationToken);
            string[] ids = [.. gone, .. await StaleAsync(tenant, cancellationToken)];
            if (ids.Length > 0)
            {
                await database.WriteAsync<int>(async (write, cancel) => await CertificateAlarmRows.CloseAsync(write, tenant.Value, ids, database.Dialect, "server", time.GetUtcNow().UtcTicks, cancel), cancellationToken);
            }
        }
    }

    /// <summary>Forgets what ended long ago.</summary>
    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        var before = (time.GetUtcNow() - options.Retention).UtcTicks;
        foreach (var tenant in await database.ReadAsync(KnownCertificateRows.TenantsAsync, cancellationToken))
        {
            foreach (var kind in StoredKinds.All)
            {
                await database.DeleteInBatchesAsync((write, max, cancel) => KnownCertificateRows.SweepAsync(write, tenant, kind, before, max, cancel), cancellationToken);
            }
        }

        foreach (var tenant in inventory.Tenants)
        {
            foreach (var isOpen in new[] { 0L, 1L })
            {
                await database.DeleteInBatchesAsync((write, max, cancel) => CertificateAlarmRows.SweepAsync(write, tenant.Value, isOpen, before, max, cancel), cancellationToken);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            for (var looks = 1; await timer.WaitForNextTickAsync(stoppingToken); looks++)
            {
                await TryAsync(LookAsync, stoppingToken);
                if (looks % LooksBetweenVoids == 0)
                {
                    await TryAsync(CloseVoidAsync, stoppingToken);
                }

                if (looks % LooksBetweenSweeps == 1)
                {
                    await TryAsync(SweepAsync, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The next start looks again.
        }
    }

    private async Task LookAtStandingAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var there = new HashSet<(string Tenant, string Id)>();
        var fresh = new List<CertificateAlarm>();
        foreach (var tenant in inventory.Tenants)
        {
            foreach (var certificate in await inventory.StandingAsync(tenant, cancellationToken))
            {
                if (schedule.Passed(certificate, now) is not { } days)
                {
                    continue;
                }

                var alarm = CertificateAlarm.Of(tenant.Value, certificate, days, now);
                there.Add((tenant.Value, alarm.Id));
                if (!standing.Contains((tenant.Value, alarm.Id)))
                {
                    fresh.Add(alarm);
                }
            }
        }

        foreach (var batch in fresh.Chunk(MaxBatch))
        {
            Tell(await RaiseAsync(batch, [], cancellationToken));
        }

        standing = there;
    }

    private async Task<int> LookAtDueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var due = await database.ReadAsync((connection, cancel) => KnownCertificateRows.ListDueAsync(connection, now, MaxBatch, cancel), cancellationToken);
        if (due.Count == 0)
        {
            return 0;
        }

        var alarms = new List<CertificateAlarm>();
        var next = new List<Postponed>();
        foreach (var (certificate, isNewest) in due)
        {
            var isOfDevice = StoredKinds.OfDevices.Contains(certificate.Kind);
            if ((isNewest || !isOfDevice) && schedule.Passed(certificate, now) is { } days)
            {
                alarms.Add(CertificateAlarm.Of(certificate.Tenant, certificate, days, now));
            }

            // What something newer has taken the place of stays on its schedule: the newer one may be revoked.
            next.Add(new Postponed(certificate.Tenant, certificate.Owner, certificate.Module, certificate.Thumbprint, certificate.NextAlarm, schedule.Next(certificate, now)));
        }

        Tell(await RaiseAsync(alarms, next, cancellationToken));
        return due.Count;
    }

    private async Task<IReadOnlyList<CertificateAlarm>> RaiseAsync(IReadOnlyList<CertificateAlarm> alarms, List<Postponed> next, CancellationToken cancellationToken)
    {
        var mine = new List<CertificateAlarm>();
        await database.WriteAsync<bool>(
            async (write, cancel) =>
            {
                mine.Clear();
                foreach (var alarm in alarms)
                {
                    if (await CertificateAlarmRows.RaiseAsync(write, alarm, cancel))
                    {
                        await CertificateAlarmRows.CloseFormerAsync(write, alarm, cancel);
                        mine.Add(alarm);
                    }
                }

                await KnownCertificateRows.PostponeAsync(write, next, cancel);
                return true;
            },
            cancellationToken);
        return mine;
    }

    private void Tell(IReadOnlyList<CertificateAlarm> alarms)
    {
        foreach (var alarm in alarms)
        {
            raised.Add(1, new KeyValuePair<string, object?>("kind", alarm.Kind), new KeyValuePair<string, object?>("days", alarm.Days));
        }

        // Devices are many: one line tells of all that are due at once.
        foreach (var group in alarms.Where(static each => StoredKinds.OfDevices.Contains(each.Kind)).GroupBy(static each => (each.Tenant, each.Days)))
        {
            StoreLog.DeviceCertificatesEnd(logger, group.Count(), group.Key.Tenant, (int)group.Key.Days, group.First().Name);
        }

        foreach (var alarm in alarms.Where(static each => !StoredKinds.OfDevices.Contains(each.Kind)))
        {
            if (alarm.Days == 0)
            {
                StoreLog.CertificateHasEnded(logger, alarm.Kind, alarm.Name, alarm.Tenant, new DateTime(alarm.NotAfter, DateTimeKind.Utc), alarm.Subject);
            }
            else
            {
                StoreLog.CertificateEnds(logger, alarm.Kind, alarm.Name, alarm.Tenant, new DateTime(alarm.NotAfter, DateTimeKind.Utc), (int)alarm.Days, alarm.Subject);
            }
        }
    }

    // Of CAs that are gone and lists that another has followed. The server's own are other ones on each node, which this one cannot judge.
    private async Task<IReadOnlyList<string>> StaleAsync(HubName tenant, CancellationToken cancellationToken)
    {
        string[] judged = [CertificateKinds.Authority, CertificateKinds.PolicyAuthority, CertificateKinds.EnrollmentGroup, CertificateKinds.RevocationList, CertificateKinds.ListSigner];
        var there = (await inventory.StandingAsync(tenant, cancellationToken)).Select(static each => (each.Kind, each.Owner, each.Thumbprint, each.NotAfter)).ToHashSet();
        var open = await database.ReadAsync((connection, cancel) => CertificateAlarmRows.ListKindsAsync(connection, database.Dialect, tenant.Value, judged, MaxBatch, cancel), cancellationToken);
        return [.. open.Where(alarm => !there.Contains((alarm.Kind, alarm.Owner, alarm.Thumbprint, alarm.NotAfter))).Select(static each => each.Id)];
    }

    private async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            StoreLog.AlarmsNotRaised(logger, error);
        }
    }
}
