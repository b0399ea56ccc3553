using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Refusals;

namespace Gatehouse.Hub.Audit;

/// <summary>What operators of a hub may read of the audit log and of the refusals: the records of their own hub and of the provisioning services that it is linked with, and nothing else.</summary>
public sealed class AuditTrail : IDisposable
{
    /// <summary>Records or refusals of one answer.</summary>
    public const int MaxPage = 1000;

    private readonly AuditLog log;
    private readonly RefusalLog refusals;
    private readonly IAuditNeighbour[] neighbours;

    // Walking the chain reads every record: one walk at a time.
    private readonly SemaphoreSlim walking = new(1);

    public AuditTrail(AuditLog log, RefusalLog refusals, IEnumerable<IAuditNeighbour> neighbours) => (this.log, this.refusals, this.neighbours) = (log, refusals, [.. neighbours]);

    /// <summary>Records after a number, oldest first.</summary>
    /// <param name="hub">Whose.</param>
    /// <param name="after">0 from the start, or the last sequence that was read.</param>
    /// <param name="max">1–<see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<AuditItem>> ReadAsync(HubName hub, long after, int max, CancellationToken cancellationToken)
    {
        max = Math.Clamp(max, 1, MaxPage);
        var entries = new List<AuditEntry>();
        foreach (var name in await NamesAsync(hub, cancellationToken))
        {
            entries.AddRange(await log.ReadAsync(name, after, max, cancellationToken));
        }

        return [.. entries.OrderBy(entry => entry.Sequence).Take(max).Select(AuditItem.From)];
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
        max = Math.Clamp(max, 1, MaxPage);
        var found = new List<RefusalItem>();
        foreach (var name in await NamesAsync(hub, cancellationToken))
        {
            var service = name == hub.Value ? null : name;
            found.AddRange((await refusals.ReadAsync(name, identity, max, cancellationToken)).Select(refusal => RefusalItem.From(refusal, service)));
        }

        return [.. found.OrderByDescending(refusal => refusal.Sequence).Take(max)];
    }

    private async Task<IReadOnlyList<string>> NamesAsync(HubName hub, CancellationToken cancellationToken)
    {
        var names = new List<string> { hub.Value };
        foreach (var neighbour in neighbours)
        {
            names.AddRange(await neighbour.FindNamesAsync(hub, cancellationToken));
        }

        return names;
    }

    public void Dispose() => walking.Dispose();
}
