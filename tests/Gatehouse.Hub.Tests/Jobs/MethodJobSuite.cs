using System.Collections.Concurrent;
using System.Globalization;
using Gatehouse.Hub.Jobs;
using Gatehouse.Hub.Tests.Methods;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Jobs;

public sealed class SqliteMethodJobTests() : MethodJobSuite(null);

public sealed class PostgresMethodJobTests(PostgresServer server) : MethodJobSuite(server);

/// <summary>Jobs that call methods: devices that are there at once, those that come later when they come, none beyond the job's time.</summary>
public abstract class MethodJobSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly ConcurrentBag<string> asked = [];

    private Task<JobHost> StartAsync(JobOptions? options = null) => JobHost.StartAsync(server, options);

    [Fact]
    public async Task Each_device_is_asked_once_and_its_answer_is_kept()
    {
        await using var hub = await StartAsync(new JobOptions { MaxCalls = 3 });
        await hub.MakeAsync(10);
        for (var i = 0; i < 10; i++)
        {
            Serve(hub, $"d{i:00}", i % 2 == 0 ? 200 : 500);
        }

        await hub.CreateAsync(JobHost.Method("j1"));
        await hub.RunAsync();

        Assert.Equal("completed 10 0 10 0 0", await hub.ShowAsync("j1"));
        Assert.Equal(10, asked.Distinct().Count());
        Assert.Equal(10, asked.Count);
        Assert.Equal("""{"deviceMethodResponse":{"status":500,"payload":{"of":"d03"}}}""", (await hub.RecordAsync("deviceId = 'd03'")).GetProperty("outcome").GetRawText());
    }

    [Fact]
    public async Task A_device_that_comes_later_is_asked_when_it_comes()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(3);
        Serve(hub, "d00");
        await hub.CreateAsync(JobHost.Method("j1"));
        await hub.Runner.LookAsync(Token);
        await hub.UntilAsync("j1", "running 3 0 1 0 2");

        Serve(hub, "d02");
        await hub.UntilAsync("j1", "running 3 0 2 0 1");
        Assert.Equal("DeviceNotOnline", (await hub.RecordAsync("deviceId = 'd01'")).GetProperty("error").GetProperty("code").GetString());
        hub.Host.Time.Advance(TimeSpan.FromHours(1));
        await hub.UntilAsync("j1", "completed 3 1 2 0 0");

        var late = await hub.RecordAsync("deviceId = 'd01'");
        Assert.Equal("failed", late.GetProperty("status").GetString());

        // The latter where the job's end met it while it was asked once more.
        Assert.Contains(late.GetProperty("error").GetProperty("code").GetString(), (string[])["DeviceNotOnline", "GatewayTimeout"]);
        await hub.Runner.WhenIdleAsync();
    }

    [Fact]
    public async Task Who_is_connected_elsewhere_is_found_by_its_connection_state()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(1);

        // To this node it says nothing of being there for methods: as a device on another one.
        var target = new TestTarget { IsFull = true };
        using var served = hub.Host.Serve("d00", target);
        await hub.CreateAsync(JobHost.Method("j1"));
        await hub.Runner.LookAsync(Token);
        await hub.UntilAsync("j1", "running 1 0 0 0 1");
        target.IsFull = false;
        var identity = (await hub.Host.FindAsync("d00")).Value;
        hub.Host.Time.Advance(TimeSpan.FromSeconds(1));
        hub.Host.Get<Hub.Connections.ConnectionStates>().Connected(hub.Host.Hub, HubHost.Key("d00"), identity.GenerationId);
        await hub.Host.Get<Hub.Connections.ConnectionWriter>().FlushAsync(Token);
        hub.Host.Time.Advance(TimeSpan.FromSeconds(6));
        served.Answer((await target.NextAsync()).Id, 200, "1");

        await hub.UntilAsync("j1", "completed 1 0 1 0 0");
        await hub.Runner.WhenIdleAsync();
    }

    [Fact]
    public async Task No_answer_is_a_failure_and_so_is_the_end_of_the_jobs_time()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(1);
        var silent = new TestTarget();
        using var served = hub.Host.Serve("d00", silent);
        await hub.CreateAsync(JobHost.Method("j1", response: 10));
        await hub.CreateAsync(JobHost.Method("j2", response: 300) with { MaxExecutionTimeInSeconds = 20 });
        await hub.Runner.LookAsync(Token);
        await silent.NextAsync();
        await silent.NextAsync();

        await hub.UntilAsync("j1", "completed 1 1 0 0 0");
        await hub.UntilAsync("j2", "completed 1 1 0 0 0");
        Assert.Equal("GatewayTimeout", (await hub.RecordAsync("jobId = 'j1'")).GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("job's time", (await hub.RecordAsync("jobId = 'j2'")).GetProperty("error").GetProperty("description").GetString()!, StringComparison.Ordinal);
        await hub.Runner.WhenIdleAsync();
    }

    [Fact]
    public async Task A_cancelled_job_asks_nobody_more_and_keeps_the_answer_that_was_under_way()
    {
        await using var hub = await StartAsync(new JobOptions { MaxCalls = 1 });
        await hub.MakeAsync(3);
        var target = new TestTarget();
        using var served = hub.Host.Serve("d00", target);
        Serve(hub, "d01");
        await hub.CreateAsync(JobHost.Method("j1"));
        await hub.Runner.LookAsync(Token);
        var request = await target.NextAsync();

        await hub.CancelAsync("j1");
        served.Answer(request.Id, 200, "7");
        await hub.UntilAsync("j1", "cancelled 3 0 1 0 0");

        Assert.Equal("d00:completed d01:canceled d02:canceled", await hub.RecordsAsync("jobId = 'j1'"));
        Assert.Empty(asked);
        await hub.Runner.WhenIdleAsync();
    }

    [Fact]
    public async Task After_a_crash_only_those_under_way_are_asked_again()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(3);
        var silent = new TestTarget();
        using var served = hub.Host.Serve("d01", silent);
        Serve(hub, "d00");
        await hub.CreateAsync(JobHost.Method("j1"));
        using (var crash = new CancellationTokenSource())
        {
            var run = new RunningJob(hub.Host.Hub, "j1", hub.Parts).RunAsync(crash.Token);
            await silent.NextAsync();
            await hub.UntilAsync("j1", "running 3 0 1 1 1");
            await crash.CancelAsync();
            await run;
        }

        Assert.Equal("running 3 0 1 1 1", await hub.ShowAsync("j1"));
        await hub.Runner.LookAsync(Token);
        served.Answer((await silent.NextAsync()).Id, 200, "{}");
        Serve(hub, "d02");
        await hub.UntilAsync("j1", "completed 3 0 3 0 0");

        Assert.Equal(["d00", "d02"], asked.Order());
        await hub.Runner.WhenIdleAsync();
    }

    [Fact]
    public async Task A_job_that_is_cancelled_after_a_crash_leaves_no_device_under_way()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(2);
        var silent = new TestTarget();
        using var served = hub.Host.Serve("d01", silent);
        await hub.CreateAsync(JobHost.Method("j1"));
        using (var crash = new CancellationTokenSource())
        {
            var run = new RunningJob(hub.Host.Hub, "j1", hub.Parts).RunAsync(crash.Token);
            await silent.NextAsync();
            await crash.CancelAsync();
            await run;
        }

        await hub.CancelAsync("j1");
        await hub.RunAsync();

        Assert.Equal("cancelled 2 0 0 0 0", await hub.ShowAsync("j1"));
        Assert.Equal("d00:canceled d01:canceled", await hub.RecordsAsync("jobId = 'j1'"));
        Assert.Equal(0, silent.Waiting);
    }

    [Fact]
    public async Task A_store_that_is_away_for_a_moment_costs_no_answer_and_asks_nobody_again()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(2);
        var (first, second) = (new TestTarget(), new TestTarget());
        using var served = hub.Host.Serve("d00", first);
        using var others = hub.Host.Serve("d01", second);
        await hub.CreateAsync(JobHost.Method("j1", response: 300));
        var away = new AwayDatabase(hub.Host.Get<Database>());
        var run = new RunningJob(hub.Host.Hub, "j1", hub.Parts with { Database = away }).RunAsync(Token);
        var (one, two) = (await first.NextAsync(), await second.NextAsync());

        away.FailWrites(2);
        served.Answer(one.Id, 200, "1");
        await hub.UntilAsync("j1", "running 2 0 1 1 0");
        away.FailReads(2);
        others.Answer(two.Id, 200, "2");
        await hub.UntilAsync("j1", "completed 2 0 2 0 0");

        await run;
        Assert.Equal((0, 0), (first.Waiting, second.Waiting));
    }

    [Fact]
    public async Task A_device_of_which_it_is_not_known_whether_it_was_begun_is_asked_once()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync(1);
        await hub.CreateAsync(JobHost.Method("j1"));
        var away = new AwayDatabase(hub.Host.Get<Database>());
        var run = new RunningJob(hub.Host.Hub, "j1", hub.Parts with { Database = away }).RunAsync(Token);
        while ((await hub.Queries.AllAsync("SELECT * FROM devices.jobs WHERE jobId = 'j1'")) is not [var record] || !record.TryGetProperty("error", out _))
        {
            await Task.Delay(5, Token);
        }

        away.LoseAnswers(1);
        Serve(hub, "d00");
        await hub.UntilAsync("j1", "completed 1 0 1 0 0");

        await run;
        Assert.Equal("d00", Assert.Single(asked));
    }

    [Fact]
    public async Task No_more_jobs_run_at_once_than_may_and_a_cancelled_one_is_cleared_beside_them()
    {
        await using var hub = await StartAsync(new JobOptions { MaxActive = 1 });
        await hub.MakeAsync(1);
        var target = new TestTarget();
        using var served = hub.Host.Serve("d00", target);
        await hub.CreateAsync(JobHost.Method("left"));
        using (var crash = new CancellationTokenSource())
        {
            var run = new RunningJob(hub.Host.Hub, "left", hub.Parts).RunAsync(crash.Token);
            await target.NextAsync();
            await crash.CancelAsync();
            await run;
        }

        await hub.CancelAsync("left");
        await hub.CreateAsync(JobHost.Method("first", response: 300));
        await hub.CreateAsync(JobHost.Method("second") with { StartTime = (hub.Host.Time.GetUtcNow() + TimeSpan.FromSeconds(1)).ToString("O", CultureInfo.InvariantCulture) });
        hub.Host.Time.Advance(TimeSpan.FromSeconds(2));
        await hub.Runner.LookAsync(Token);
        var request = await target.NextAsync();
        await hub.UntilAsync("left", "cancelled 1 0 0 0 0");
        await hub.Runner.LookAsync(Token);
        Assert.Equal("scheduled 0 0 0 0 0", await hub.ShowAsync("second"));

        served.Answer(request.Id, 200, "1");
        await hub.UntilAsync("first", "completed 1 0 1 0 0");
        await hub.Runner.WhenIdleAsync();
        await hub.Runner.LookAsync(Token);
        served.Answer((await target.NextAsync()).Id, 200, "1");
        await hub.UntilAsync("second", "completed 1 0 1 0 0");
        await hub.Runner.WhenIdleAsync();
    }

    /// <summary>Answers every call at once.</summary>
    private void Serve(JobHost hub, string device, int status = 200)
    {
        var target = new TestTarget();
        var served = hub.Host.Serve(device, target);
        _ = Task.Run(
            async () =>
            {
                while (true)
                {
                    var request = await target.NextAsync();
                    asked.Add(device);
                    served.Answer(request.Id, status, $$"""{"of":"{{device}}"}""");
                }
            },
            Token);
    }
}
