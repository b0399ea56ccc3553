using System.Text;
using Dapper;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Routing;
using Gatehouse.Hub.Routing.Outbox;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Gatehouse.Streams.Log;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>The way from the outbox into a log that other nodes write to as well.</summary>
public sealed class OutboxPumpTests(PostgresServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_there_is_room_for_goes_on_and_no_transaction_waits_for_a_log_that_is_full()
    {
        await using var hub = await HubHost.StartAsync(server: server);
        Assert.Equal(3, await AddAsync(hub, "a", "b", "c"));
        var log = new MemoryLog { Room = 1 };
        var parts = hub.Get<RoutingParts>() with { Logs = new HubLogs(new SharedLogs(), new EventOptions()) };
        using var pump = new OutboxPump(hub.Hub, new HubIntake(log, RouteTable.Compile(hub.Hub, new StoredRouting())), parts);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = pump.RunAsync(stopping.Token);

        await log.Asked.WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal((1, 2), (log.Count, await CountUnlockedAsync(hub)));

        log.GiveRoom();
        await RoutingHost.UntilAsync(async () => await CountUnlockedAsync(hub) == 0 && log.Count == 3);
        Assert.Equal(["a", "b", "c"], (await log.ReadAsync(0, 0, 10, Token)).Select(each => Encoding.UTF8.GetString(each.Record.Span)));
        await stopping.CancelAsync();
        await running;
    }

    private static async Task<int> AddAsync(HubHost hub, params string[] records) => (await hub.Get<Database>().WriteAsync<int>(
        async (write, cancel) => await OutboxRows.AddAsync(
            write, hub.Get<Database>().Dialect, hub.Hub, [.. records.Select(record => new OutboxRow { DeviceId = "d1", Record = Encoding.UTF8.GetBytes(record) })], 10, cancel),
        Token)).Value;

    private static Task<int> CountUnlockedAsync(HubHost hub) => hub.Get<Database>().ReadAsync(
        async (connection, cancel) => (await connection.QueryAsync<long>(new CommandDefinition("SELECT id FROM event_outbox FOR UPDATE SKIP LOCKED", cancellationToken: cancel))).Count(), Token);

    private sealed class SharedLogs : IEventLogs
    {
        public bool IsShared => true;

        public ValueTask<IEventLog> OpenAsync(string hub, int partitionCount, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
