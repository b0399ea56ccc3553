using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Hub.Configurations;

/// <summary>Looks after the configurations of all hubs: evaluates the twins that this node changed, and, where it holds the hub's lease, sweeps and measures.</summary>
internal sealed class ConfigurationRunner : BackgroundService
{
    /// <summary>Batches of changed twins between two pages of a sweep: neither keeps the other waiting for ever.</summary>
    private const int MaxBatches = 10;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan NodeLife = TimeSpan.FromMinutes(3);

    private readonly ConfigurationParts parts;
    private readonly string node = Guid.NewGuid().ToString("N");
    private readonly Dictionary<HubName, DateTimeOffset> entered = [];
    private readonly IDisposable subscription;
    private TaskCompletionSource wake = New();

    internal ConfigurationRunner(ConfigurationParts parts)
    {
        this.parts = parts;
        parts.Pending.Added += Wake;
        subscription = parts.Signals.Subscribe(SignalSubjects.ConfigurationsChanged, _ => Wake());
    }

    /// <summary>Works until nothing is left to do.</summary>
    internal async Task WorkAsync(CancellationToken cancellationToken)
    {
        bool isMore;
        do
        {
            isMore = false;
            foreach (var hub in parts.Directory.All)
            {
                isMore |= await LookAfterAsync(hub.Name, cancellationToken);
            }
        }
        while (isMore);
    }

    /// <summary>Observes changes from now on: doors open only when this has returned.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in parts.Directory.All)
        {
            await ObserveAsync(hub.Name, cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        parts.Pending.Added -= Wake;
        subscription.Dispose();
        try
        {
            await LeaveAsync(cancellationToken);
        }
        catch (Exception error)
        {
            // The next to start goes through all.
            parts.Log.ConfigurationsFailed("", error);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Before the look: a change that comes during it is looked at once more.
            var woken = New();
            Volatile.Write(ref wake, woken);
            var isMore = false;
            foreach (var hub in parts.Directory.All)
            {
                try
                {
                    isMore |= await LookAfterAsync(hub.Name, stoppingToken);
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    parts.Log.ConfigurationsFailed(hub.Name.Value, error);
                }
            }

            if (!isMore)
            {
                await Task.WhenAny(woken.Task, Task.Delay(Round, parts.Time, stoppingToken));
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake() => Volatile.Read(ref wake).TrySetResult();

    /// <summary>Whether there is more to do at once.</summary>
    private async Task<bool> LookAfterAsync(HubName hub, CancellationToken cancellationToken)
    {
        await ObserveAsync(hub, cancellationToken);
        await RecoverAsync(hub, cancellationToken);
        var batches = 0;
        while (batches < MaxBatches && parts.Pending.Take(hub, parts.Options.BatchTwins) is { Count: > 0 } units)
        {
            await EvaluateAsync(hub, units, cancellationToken);
            batches++;
        }

        var sweeps = await parts.Sweeps.ReadAsync(hub, cancellationToken);
        var due = sweeps.Count > 0 ? [] : await parts.Metrics.FindDueAsync(hub, cancellationToken);
        if ((sweeps.Count == 0 && due.Count == 0) || !await LeaseAsync(hub, cancellationToken))
        {
            return batches == MaxBatches;
        }

        // One at a time: counting may take long, and changed twins wait meanwhile.
        foreach (var id in due.Take(1))
        {
            await parts.Metrics.MeasureAsync(hub, id, cancellationToken);
        }

        foreach (var sweep in sweeps.Take(1))
        {
            await parts.Sweeps.StepAsync(hub, sweep, cancellationToken);
        }

        return true;
    }

    private async Task ObserveAsync(HubName hub, CancellationToken cancellationToken)
    {
        var set = await parts.Sets.GetAsync(hub, cancellationToken);
        parts.Pending.Watch(hub, set.All.Count > 0);
        await EnterAsync(hub, set, cancellationToken);
    }

    private async Task EvaluateAsync(HubName hub, IReadOnlyList<IdentityKey> units, CancellationToken cancellationToken)
    {
        try
        {
            await parts.Applier.ApplyAsync(hub, units, cancellationToken);
        }
        catch
        {
            parts.Pending.Add(hub, units);
            throw;
        }
    }

    // Said before this node changes a twin that a configuration looks at: from then on its end is noticed.
    private async Task EnterAsync(HubName hub, ConfigurationSet set, CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        if ((set.All.Count > 0 || entered.ContainsKey(hub)) && !(entered.TryGetValue(hub, out var last) && now - last < NodeLife / 3))
        {
            await WriteAsync((write, token) => SweepRows.EnterAsync(write, hub, node, (now + NodeLife).UtcTicks, token), cancellationToken);
            entered[hub] = now;
        }
    }

    private async Task RecoverAsync(HubName hub, CancellationToken cancellationToken)
    {
        if (parts.Pending.TakeOverrun(hub))
        {
            parts.Log.ConfigurationsOverrun(hub.Value, parts.Options.MaxPending);
            await parts.Sweeps.BeginAllAsync(hub, (_, _) => Task.CompletedTask, cancellationToken);
        }

        // Alone, every other node in the store is a former one of this.
        var now = parts.Signals.ReachesOthers ? parts.Time.GetUtcNow().UtcTicks : long.MaxValue;
        if (await parts.Database.ReadAsync((connection, token) => SweepRows.CountLostAsync(connection, hub, node, now, token), cancellationToken) > 0)
        {
            parts.Log.ConfigurationsRecovered(hub.Value);
            await parts.Sweeps.BeginAllAsync(hub, (write, token) => SweepRows.ForgetAsync(write, hub, node, now, token), cancellationToken);
        }
    }

    private async Task<bool> LeaseAsync(HubName hub, CancellationToken cancellationToken)
    {
        if (!parts.Signals.ReachesOthers)
        {
            return true;
        }

        var now = parts.Time.GetUtcNow();
        var leased = await parts.Database.WriteAsync<bool>(
            async (write, token) => await SweepRows.LeaseAsync(write, hub, node, now.UtcTicks, (now + Lease).UtcTicks, token), cancellationToken);
        return leased is { IsOk: true, Value: true };
    }

    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        foreach (var hub in entered.Keys)
        {
            while (parts.Pending.Take(hub, parts.Options.BatchTwins) is { Count: > 0 } units)
            {
                await EvaluateAsync(hub, units, cancellationToken);
            }
        }

        if (parts.Pending.IsEmpty)
        {
            foreach (var hub in entered.Keys)
            {
                await WriteAsync((write, token) => SweepRows.LeaveAsync(write, hub, node, token), cancellationToken);
            }

            await WriteAsync((write, token) => SweepRows.ReleaseAsync(write, node, token), cancellationToken);
        }
    }

    private Task<Result<bool>> WriteAsync(Func<WriteTransaction, CancellationToken, Task> write, CancellationToken cancellationToken) => parts.Database.WriteAsync<bool>(
        async (transaction, token) =>
        {
            await write(transaction, token);
            return true;
        },
        cancellationToken);
}
