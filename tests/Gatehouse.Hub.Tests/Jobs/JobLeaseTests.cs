using Gatehouse.Hub.Hubs;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Tests.Methods;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Jobs;

/// <summary>Nodes that share a store: one runs a hub's jobs, and another goes on with them when it is gone.</summary>
public sealed class JobLeaseTests(PostgresServer server)
{
    [Fact]
    public async Task One_node_runs_a_job_and_another_takes_it_over_when_the_lease_has_run_out()
    {
        await using var hub = await JobHost.StartAsync(server);
        await hub.MakeAsync(1);
        var target = new TestTarget();
        using var served = hub.Host.Serve("d00", target);
        using var other = new JobRunner(hub.Jobs, hub.Host.Get<ImportExportJobs>(), hub.Host.Get<HubDirectory>(), hub.Parts, hub.Host.Get<ImportExportParts>());
        await hub.CreateAsync(JobHost.Method("j1", response: 300));
        var token = TestContext.Current.CancellationToken;

        await hub.Runner.LookAsync(token);
        await target.NextAsync();
        await other.LookAsync(token);
        await other.WhenIdleAsync();
        Assert.Equal(0, target.Waiting);

        hub.Host.Time.Advance(TimeSpan.FromSeconds(21));
        await other.LookAsync(token);
        var again = await target.NextAsync();
        await hub.Runner.LookAsync(token);
        await hub.Runner.WhenIdleAsync();
        Assert.Equal("running 1 0 0 1 0", await hub.ShowAsync("j1"));

        served.Answer(again.Id, 200, "1");
        await hub.UntilAsync("j1", "completed 1 0 1 0 0");
        await other.WhenIdleAsync();
        await other.StopAsync(token);
    }
}
