using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Refusals;

namespace Gatehouse.Hub.Audit;

/// <summary>What operators of a hub may read of the audit log and of the refusals: their own hub's records and nothing else.</summary>
public sealed class AuditTrail : IDisposable
{
    /// <summary>Records or refusals of one answer.</summary>
    public const int MaxPage = 1000;

    private readonly AuditLog log;
    private readonly RefusalLog refusals;

    // Walking the chain reads every record: one walk at a time.
    private readonly SemaphoreSlim walking = new(1);

    public AuditTrail(AuditLog log, RefusalLog refusals) => (this.log, this.refusals) = (log, refusals);

    /// <summary>Records after a number, oldest first.</summary>
    /// <param name="hub">Whose.</param>
    /// <param name="after">0 from the start, or the last sequence that was read.</param>
    /// <param name="max">1–<see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<AuditItem>> ReadAsync(HubName hub, long after, int max, CancellationToken cancellationToken)
    {
        var entries = await log.ReadAsync(hub.Value, after, Math.Clamp(max, 1, MaxPage), cancellationToken);
        return [.. entries.Select(AuditItem.From)];
    }

    /// <summary>Walks the hash chain. It runs through the records of all hubs of the server; only whether it is whole is told.</summary>
    public async Task<AuditCheck> VerifyAsync(CancellationToken cancellationToken)
    {
        await walking.WaitAsync(cancellationToken);
        try
        {
            var found = await log.VerifyAsync(cancellationToken);
            return new AuditCheck(found.BrokenAt is null, found.Records, found.FirstSequence, found.LastSequence, found.BrokenAt, found.Problem);
        }
        finally
        {
            walking.Release();
        }
    }

    /// <summary>The newest refusals, newest first.</summary>
    /// <param name="hub">Whose.</param>
    /// <param name="identity">What the peer said it was: a device, device/module or policy; null for all.</param>
    /// <param name="max">1–<see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<RefusalItem>> ReadRefusalsAsync(HubName hub, string? identity, int max, CancellationToken cancellationToken)
    {
        var found = await refusals.ReadAsync(hub.Value, identity, Math.Clamp(max, 1, MaxPage), cancellationToken);
        return [.. found.Select(RefusalItem.From)];
    }

    public void Dispose() => walking.Dispose();
}
