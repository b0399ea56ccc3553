using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.Rotation.Fleets;
using Gatehouse.Hub.Rotation.Rules;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Rotation;

/// <summary>Carries plans and rules out: each on one node at a time, by a lease in its row. All that it knows is in the store but when it looked last, and whether the clock goes steadily.</summary>
internal sealed class RotationRunner : Upkeep
{
    /// <summary>Most that counts as watched between two looks: what a machine that slept did not see was not watched.</summary>
    private static readonly TimeSpan MaxSpan = TimeSpan.FromSeconds(15);

    private readonly EngineParts parts;
    private readonly RotationBeginning beginning;
    private readonly ClockWatch clock;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Dictionary<(HubName Hub, string Plan), long> looked = [];
    private readonly HashSet<(HubName, string)> noted = [];
    private bool isTidy;

    public RotationRunner(EngineParts parts, TimeProvider time, ILogger<RotationRunner> logger)
        : base(TimeSpan.FromSeconds(5), time, isAtOnce: true)
    {
        (this.parts, this.time, this.logger) = (parts, time, logger);
        var node = Guid.NewGuid().ToString("N");
        Look = new RotationLook(parts.Database, parts.Kinds, parts.FleetLook, node, time);
        Rules = new RuleLook(parts.Rules, node, time, logger);
        beginning = new RotationBeginning(parts.Database, parts.Kinds, parts.FleetBeginning, node, time);
        clock = new ClockWatch(time);
    }

    internal RotationLook Look { get; }

    internal RuleLook Rules { get; }

    /// <summary>Looks at all rules and running plans once, and begins what is due. What is wrong with one of them is told when all others have had their look.</summary>
    public override async Task RunAsync(CancellationToken cancellationToken)
    {
        var troubles = new List<Exception>();
        await TryAsync(troubles, TidyAsync, cancellationToken);
        if (clock.Look() is { } jump)
        {
            logger.ClockJumped(jump.TotalSeconds);
        }

        var running = new HashSet<(HubName, string)>();
        foreach (var tenant in parts.Directory.All.Select(static each => each.Name).Concat(parts.Kinds.Tenants).Distinct())
        {
            await TryAsync(troubles, cancel => NoteAgesAsync(tenant, cancel), cancellationToken);
            await TryAsync(troubles, cancel => Rules.RunAsync(tenant, clock.IsSteady, troubles, cancel), cancellationToken);
            await TryAsync(troubles, cancel => BeginAsync(tenant, troubles, cancel), cancellationToken);
            foreach (var plan in await parts.Database.ReadAsync((connection, cancel) => RotationRows.FindRunningAsync(connection, tenant, cancel), cancellationToken))
            {
                running.Add((tenant, plan));
                await TryAsync(troubles, cancel => LookAsync(tenant, plan, cancel), cancellationToken);
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

    protected override void TellFailed(Exception error) => logger.RotationInterrupted(error);

    private static async Task TryAsync(List<Exception> troubles, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            troubles.Add(error);
        }
    }

    private async Task TidyAsync(CancellationToken cancellationToken)
    {
        await parts.Fleets.TidyAsync(!isTidy, cancellationToken);
        isTidy = true;
    }

    // Also without any rule: from then on the age of every key is known.
    private async Task NoteAgesAsync(HubName tenant, CancellationToken cancellationToken)
    {
        foreach (var keys in parts.Rules.Ages.All.Where(each => !noted.Contains((tenant, each.Kind))).ToList())
        {
            await parts.Rules.NoteFirstSeenAsync(keys, tenant, time.GetUtcNow().UtcTicks, cancellationToken);
            noted.Add((tenant, keys.Kind));
        }
    }

    private async Task BeginAsync(HubName tenant, List<Exception> troubles, CancellationToken cancellationToken)
    {
        foreach (var plan in clock.IsSteady ? await parts.Database.ReadAsync((connection, cancel) => RotationRows.FindDueAsync(connection, tenant, time.GetUtcNow().UtcTicks, cancel), cancellationToken) : [])
        {
            await TryAsync(
                troubles,
                async cancel =>
                {
                    if (await beginning.RunAsync(tenant, plan, Look.Before, cancel) is { } row)
                    {
                        Tell(row);
                    }
                },
                cancellationToken);
        }
    }

    private void Tell(RotationRow row)
    {
        if (row.Ended > 0)
        {
            logger.RotationEnded(row.PlanId, row.Hub, row.Kind, row.Subject, row.State);
        }
        else
        {
            logger.RotationBegun(row.PlanId, row.Hub, row.Kind, row.Subject);
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
            Tell(row);
        }
    }
}

/// <summary>What the engine needs on every node.</summary>
internal sealed record EngineParts(Database Database, HubDirectory Directory, RotationKinds Kinds, FleetLook FleetLook, FleetBeginning FleetBeginning, FleetPlans Fleets, RuleParts Rules);
