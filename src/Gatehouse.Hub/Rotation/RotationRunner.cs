using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Rotation;

/// <summary>Carries plans out: each on one node at a time, by a lease in its row. All that it knows is in the store but when it looked last.</summary>
internal sealed class RotationRunner(Database database, HubDirectory directory, RotationKinds kinds, FleetLook fleetLook, FleetPlans fleets, TimeProvider time, ILogger<RotationRunner> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    /// <summary>Most that counts as watched between two looks: what a machine that slept did not see was not watched.</summary>
    private static readonly TimeSpan MaxSpan = TimeSpan.FromSeconds(15);

    private readonly Dictionary<(HubName Hub, string Plan), long> looked = [];
    private bool isTidy;

    internal RotationLook Look { get; } = new(database, kinds, fleetLook, Guid.NewGuid().ToString("N"), time);

    /// <summary>Looks at all running plans once. What is wrong with one of them is told when all others have had their look.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        var troubles = new List<Exception>();
        await TidyAsync(troubles, cancellationToken);
        var running = new HashSet<(HubName, string)>();
        foreach (var tenant in directory.All.Select(static each => each.Name).Concat(kinds.Tenants).Distinct())
        {
            foreach (var plan in await database.ReadAsync((connection, cancel) => RotationRows.FindRunningAsync(connection, tenant, cancel), cancellationToken))
            {
                running.Add((tenant, plan));
                try
                {
                    await LookAsync(tenant, plan, cancellationToken);
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    troubles.Add(error);
                }
            }
        }

        foreach (var gone in looked.Keys.Where(each => !running.Contains(each)).ToList())
        {
            looked.Remove(gone);
        }

        if (troubles.Count > 0)
        {
            throw new AggregateException(troubles);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the caller's thread.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                logger.RotationInterrupted(error);
            }
            catch (Exception)
            {
                // The server stops; how far the plans are is in the store.
                return;
            }

            await Task.Delay(Round, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TidyAsync(List<Exception> troubles, CancellationToken cancellationToken)
    {
        try
        {
            await fleets.TidyAsync(!isTidy, cancellationToken);
            isTidy = true;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            troubles.Add(error);
        }
    }

    private async Task LookAsync(HubName hub, string plan, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        var span = looked.TryGetValue((hub, plan), out var last) ? time.GetElapsedTime(last, now) : TimeSpan.Zero;
        looked.Remove((hub, plan));
        var row = await Look.RunAsync(hub, plan, span < MaxSpan ? span : MaxSpan, cancellationToken);
        if (row is null)
        {
            return;
        }

        looked[(hub, plan)] = now;
        if (row.Ended > 0)
        {
            logger.RotationEnded(plan, hub.Value, row.Kind, row.Subject, row.State);
        }
    }
}
