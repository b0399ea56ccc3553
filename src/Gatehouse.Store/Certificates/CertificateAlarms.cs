using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Certificates;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Store.Certificates;

/// <summary>The list of alarms about certificates that end, and their being acknowledged.</summary>
public sealed class CertificateAlarms(Database database, TimeProvider time) : ICertificateAlarms
{
    /// <summary>What acknowledges all that are open.</summary>
    public const string All = "all";

    private const int MaxBatch = 1_000;

    public async Task<AlarmPage> ListAsync(HubName tenant, AlarmQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var found = await database.ReadAsync((connection, cancel) => CertificateAlarmRows.ListAsync(connection, tenant.Value, !query.IsClosed, query.After, query.Max + 1, cancel), cancellationToken);
        var shown = found.Take(query.Max).ToList();
        return new AlarmPage([.. shown.Select(static each => each.ToView())], found.Count > query.Max ? new AlarmPlace(shown[^1].NotAfter, shown[^1].Id).ToString() : null);
    }

    public async Task<AcknowledgedAlarms?> AcknowledgeAsync(HubName tenant, string id, string actor, CancellationToken cancellationToken)
    {
        if (id != All)
        {
            var (isKnown, count) = await CloseOneAsync(tenant.Value, id, actor, cancellationToken);
            return isKnown ? new AcknowledgedAlarms(count) : null;
        }

        var closed = 0L;
        var after = AlarmPlace.Start;
        while (true)
        {
            var batch = await database.ReadAsync((connection, cancel) => CertificateAlarmRows.ListAsync(connection, tenant.Value, isOpen: true, after, MaxBatch, cancel), cancellationToken);
            if (batch.Count == 0)
            {
                return new AcknowledgedAlarms(closed);
            }

            after = new AlarmPlace(batch[^1].NotAfter, batch[^1].Id);
            closed += await CloseAsync(tenant.Value, [.. batch.Select(static each => each.Id)], actor, All, cancellationToken);
        }
    }

    private async Task<(bool IsKnown, long Count)> CloseOneAsync(string tenant, string id, string actor, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync((connection, cancel) => CertificateAlarmRows.FindAsync(connection, tenant, id, cancel), cancellationToken);
        return found is { } alarm ? (true, await CloseAsync(tenant, [id], actor, alarm.Name.Length == 0 ? alarm.Subject : alarm.Name, cancellationToken)) : (false, 0);
    }

    private async Task<long> CloseAsync(string tenant, string[] ids, string actor, string subject, CancellationToken cancellationToken)
    {
        var closed = await database.WriteAsync<int>(
            async (write, cancel) =>
            {
                var count = await CertificateAlarmRows.CloseAsync(write, tenant, ids, database.Dialect, actor, time.GetUtcNow().UtcTicks, cancel);
                if (count > 0)
                {
                    write.Audit(new AuditRecord { Hub = tenant, Actor = actor, Action = "certificateAlarm.acknowledge", Subject = subject, Detail = $$"""{"alarms":{{count}}}""" });
                }

                return count;
            },
            cancellationToken);
        return closed.Value;
    }
}
