using System.Collections.Concurrent;
using System.Collections.Immutable;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Revoking;

/// <summary>All lists in memory, on every node: read at the start, then what is new when a signal tells of it, and every few seconds in case it was lost. What stands on a revoked certificate is judged again.</summary>
/// <remarks>A list is in force before sessions are looked at, and whoever was judged by the one before sees that it changed (<see cref="ICertificateUses.RevocationsChanged"/>): nobody slips in between.</remarks>
public sealed class KnownRevocations : BackgroundService, IRevocations
{
    private readonly ConcurrentDictionary<HubName, Known> hubs = new();
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Lock gate = new();
    private readonly Database database;
    private readonly RevocationOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly IDisposable subscription;
    private ImmutableList<ICertificateUses> uses = [];
    private int isWanted;

    public KnownRevocations(Database database, ISignals signals, RevocationOptions options, TimeProvider time, ILogger<KnownRevocations> log)
    {
        ArgumentNullException.ThrowIfNull(signals);
        (this.database, this.options, this.time, this.log) = (database, options, time, log);
        subscription = signals.Subscribe(SignalSubjects.RevocationsChanged, _ => Refresh());
    }

    public RevocationSet Of(HubName hub) => hubs.TryGetValue(hub, out var known) ? known.Set : RevocationSet.Empty;

    public IDisposable Attach(ICertificateUses uses)
    {
        ArgumentNullException.ThrowIfNull(uses);
        lock (gate)
        {
            this.uses = this.uses.Add(uses);
        }

        return new Attachment(this, uses);
    }

    public override void Dispose()
    {
        subscription.Dispose();
        base.Dispose();
    }

    /// <summary>What stands on these marks on this node.</summary>
    internal IReadOnlyList<ICertificateUse> Find(HubName hub, IEnumerable<ulong> marks)
    {
        var wanted = marks.ToHashSet();
        return [.. Uses.SelectMany(each => each.Find(hub, wanted))];
    }

    /// <summary>The lists of outside CAs that are in force here, of all hubs, with their versions.</summary>
    internal IEnumerable<(HubName Hub, IssuerList List, string Version)> IssuerLists =>
        hubs.SelectMany(static hub => hub.Value.Set.IssuerLists.Select(list => (hub.Key, list, hub.Value.Versions[list.Issuer.ToString()])));

    /// <summary>Reads what has changed and puts it in force; when it returns, everything here that stands on it has been judged again.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            Volatile.Write(ref isWanted, 0);
            foreach (var change in await database.ReadAsync(RevocationRows.ReadChangesAsync, cancellationToken))
            {
                await ReadAsync(change, cancellationToken);
            }

            await ReadListsAsync(cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.CheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryRefreshAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing is half done: a list is in force or it is not.
        }
    }

    private ImmutableList<ICertificateUses> Uses
    {
        get
        {
            lock (gate)
            {
                return uses;
            }
        }
    }

    // One that waits for its turn reads what others told of meanwhile.
    private void Refresh()
    {
        if (Interlocked.Exchange(ref isWanted, 1) == 0)
        {
            _ = TryRefreshAsync(CancellationToken.None);
        }
    }

    private async Task TryRefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            Volatile.Write(ref isWanted, 0);
            log.RevocationsNotRead(error);
        }
    }

    private async Task ReadAsync(RevocationChange change, CancellationToken cancellationToken)
    {
        var hub = HubName.Parse(change.Hub);
        var before = hubs.GetValueOrDefault(hub, Known.Nothing);
        if (change.Sequence == before.Sequence)
        {
            return;
        }

        // A store that was put back to an earlier state counts from there.
        var isWhole = change.Undone > before.Sequence || change.Sequence < before.Sequence;
        var rows = await database.ReadAsync((connection, cancel) => RevocationRows.ReadAfterAsync(connection, change.Hub, isWhole ? 0 : before.Sequence, cancel), cancellationToken);
        var entries = rows.Select(row => row.ToEntry()).ToList();

        // What came after the change that was read of is read once more next time.
        hubs[hub] = before with { Set = (isWhole ? before.Set.WithoutEntries() : before.Set).With(entries), Sequence = change.Sequence };
        var added = entries.FindAll(entry => before.Set.Find(entry.Mark) is null);
        Enforce(hub, added.Count, added.SelectMany(entry => entry.ShortMarks));
    }

    private async Task ReadListsAsync(CancellationToken cancellationToken)
    {
        var stored = (await database.ReadAsync(IssuerListRows.ReadVersionsAsync, cancellationToken)).ToLookup(each => HubName.Parse(each.Hub));
        foreach (var hub in stored.Select(each => each.Key).Union(hubs.Where(each => !each.Value.Versions.IsEmpty).Select(each => each.Key)).ToList())
        {
            var before = hubs.GetValueOrDefault(hub, Known.Nothing);
            var versions = stored[hub].ToImmutableDictionary(each => each.Issuer, each => each.Version);
            if (versions.Count != before.Versions.Count || versions.Any(each => before.Versions.GetValueOrDefault(each.Key) != each.Value))
            {
                await ReadListsAsync(hub, before, versions, cancellationToken);
            }
        }
    }

    private async Task ReadListsAsync(HubName hub, Known before, ImmutableDictionary<string, string> versions, CancellationToken cancellationToken)
    {
        var lists = ImmutableList.CreateBuilder<IssuerList>();
        var marks = new List<ulong>();
        foreach (var (issuer, version) in versions)
        {
            var present = before.Set.IssuerLists.Find(list => list.Issuer.ToString() == issuer);
            if (present is not null && before.Versions[issuer] == version)
            {
                lists.Add(present);
            }
            else if (await database.ReadAsync((connection, cancel) => IssuerListRows.FindAsync(connection, null, hub.Value, issuer, cancel), cancellationToken) is { } row)
            {
                // One that has changed once more meanwhile is read again next time.
                var list = row.ToList();
                lists.Add(list);
                marks.AddRange(ListedMarks.Of(list, present?.Serials ?? RevokedSerials.None));
            }
            else
            {
                versions = versions.Remove(issuer);
            }
        }

        hubs[hub] = before with { Set = before.Set.WithLists(lists.ToImmutable()), Versions = versions };
        Enforce(hub, marks.Count, marks);
    }

    private void Enforce(HubName hub, int added, IEnumerable<ulong> marks)
    {
        var holders = Uses;
        foreach (var holder in holders)
        {
            holder.RevocationsChanged(hub);
        }

        if (added == 0)
        {
            return;
        }

        // Each costs the judgement of a proof; thousands must not stand in one line.
        var concerned = Find(hub, marks);
        Parallel.ForEach(concerned, static use => use.JudgeAgain());
        log.RevocationsTaken(hub.Value, added, concerned.Count);
    }

    private void Detach(ICertificateUses gone)
    {
        lock (gate)
        {
            uses = uses.Remove(gone);
        }
    }

    private sealed record Known(RevocationSet Set, long Sequence, ImmutableDictionary<string, string> Versions)
    {
        internal static Known Nothing { get; } = new(RevocationSet.Empty, 0, ImmutableDictionary<string, string>.Empty);
    }

    private sealed class Attachment(KnownRevocations owner, ICertificateUses uses) : IDisposable
    {
        public void Dispose() => owner.Detach(uses);
    }
}
