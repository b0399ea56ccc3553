using System.Collections.Immutable;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Revoking;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Hubs;

/// <summary>Keeps the directory of hubs true on every node: read at the start, when a signal tells of a change, and every few seconds in case it was lost. Whoever was let in by a hub that asks more now is judged again.</summary>
public sealed class KnownHubs : BackgroundService, IStrictnessChanges
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Lock gate = new();
    private readonly Database database;
    private readonly HubDirectory directory;
    private readonly RevocationOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly IDisposable subscription;
    private ImmutableList<Action<HubName>> handlers = [];
    private int isWanted;

    public KnownHubs(Database database, HubDirectory directory, ISignals signals, RevocationOptions options, TimeProvider time, ILogger<KnownHubs> log)
    {
        ArgumentNullException.ThrowIfNull(signals);
        (this.database, this.directory, this.options, this.time, this.log) = (database, directory, options, time, log);
        subscription = signals.Subscribe(SignalSubjects.HubChanged, _ => Refresh());
    }

    public IDisposable Subscribe(Action<HubName> handler)
    {
        lock (gate)
        {
            handlers = handlers.Add(handler);
        }

        return new Subscription(this, handler);
    }

    public override void Dispose()
    {
        subscription.Dispose();
        base.Dispose();
    }

    /// <summary>Reads the hubs and puts them in force; when it returns, whoever a changed strictness concerns is being judged again.</summary>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            Volatile.Write(ref isWanted, 0);
            var before = directory.All;
            var hubs = await database.ReadAsync(HubRows.ReadAllAsync, cancellationToken);
            if (hubs.Count == before.Count && hubs.Zip(before).All(static pair => IsSame(pair.First, pair.Second)))
            {
                return;
            }

            directory.Replace(hubs);
            foreach (var hub in hubs.Where(hub => before.FirstOrDefault(each => each.Name == hub.Name) is { } known && known.Strictness != hub.Strictness))
            {
                Enforce(hub);
            }
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
            // The directory is replaced as a whole or not at all.
        }
    }

    private static bool IsSame(HubEntry one, HubEntry other) =>
        one.Name == other.Name && one.Created == other.Created && one.Strictness == other.Strictness && one.HostNames.SequenceEqual(other.HostNames);

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
            log.HubsNotRead(error);
        }
    }

    private void Enforce(HubEntry hub)
    {
        ImmutableList<Action<HubName>> all;
        lock (gate)
        {
            all = handlers;
        }

        foreach (var handler in all)
        {
            handler(hub.Name);
        }

        log.StrictnessInForce(hub.Name.Value, hub.Strictness.MaxTokenSeconds, StrictnessRows.WordOf(hub.Strictness.IsX509Only), StrictnessRows.TokenWordOf(hub.Strictness.IsOwnTokensOnly), StrictnessRows.KeyWordOf(hub.Strictness.HasDerivedKeysOnly));
    }

    private void Remove(Action<HubName> gone)
    {
        lock (gate)
        {
            handlers = handlers.Remove(gone);
        }
    }

    private sealed class Subscription(KnownHubs owner, Action<HubName> handler) : IDisposable
    {
        public void Dispose() => owner.Remove(handler);
    }
}
