using Gatehouse.Hub.Connections;
using Gatehouse.Hub.Registry;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>Who is connected and what is kept for whom over a restart.</summary>
public sealed class ConnectionStateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connecting_and_leaving_shows_in_the_registry_and_leaves_the_etag_alone()
    {
        await using var hub = await HubHost.StartAsync();
        var made = (await hub.PutAsync("d1")).Value;
        var states = hub.Get<ConnectionStates>();

        var state = states.Connected(hub.Hub, HubHost.Key("d1"), made.GenerationId);
        var connected = (await hub.FindAsync("d1")).Value;
        Assert.Equal(1, hub.Get<RegistryStatistics>().CountConnectedDevices(hub.Hub));
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        states.Disconnected(state);
        var left = (await hub.FindAsync("d1")).Value;

        Assert.Equal((true, made.ETag), (connected.Connection.IsConnected, connected.ETag));
        Assert.Equal(0, hub.Get<RegistryStatistics>().CountConnectedDevices(hub.Hub));
        Assert.Equal((false, hub.Time.GetUtcNow(), hub.Time.GetUtcNow().AddMinutes(-1)), (left.Connection.IsConnected, left.Connection.StateChanged, left.Connection.LastActivity));
    }

    [Fact]
    public async Task A_kept_session_survives_a_restart_and_nobody_is_connected_after_it()
    {
        await using var hub = await HubHost.StartAsync();
        var made = (await hub.PutAsync("d1")).Value;
        var state = hub.Get<ConnectionStates>().Connected(hub.Hub, HubHost.Key("d1"), made.GenerationId);
        hub.Get<ConnectionStates>().Keep(state, 5);
        await hub.Get<ConnectionWriter>().FlushAsync(Token);

        var after = new ConnectionStates(hub.Time);
        using var writer = new ConnectionWriter(hub.Get<Store.Database>(), after, hub.Get<Gatehouse.Hub.Routing.Outbox.EventOutbox>(), hub.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<ConnectionWriter>.Instance);
        await writer.LoadAsync(Token);

        Assert.False(after.Get(hub.Hub, HubHost.Key("d1"), made.GenerationId).IsConnected);
        Assert.Equal(5, after.Connected(hub.Hub, HubHost.Key("d1"), made.GenerationId).KeptSubscriptions);
    }

    [Fact]
    public async Task A_later_owner_of_the_name_inherits_nothing()
    {
        await using var hub = await HubHost.StartAsync();
        var first = (await hub.PutAsync("d1")).Value;
        var states = hub.Get<ConnectionStates>();
        states.Keep(states.Connected(hub.Hub, HubHost.Key("d1"), first.GenerationId), 5);
        await hub.DeleteAsync("d1", IfMatch.Any);

        var second = (await hub.PutAsync("d1")).Value;

        Assert.Equal(default, second.Connection);
        Assert.Null(states.Connected(hub.Hub, HubHost.Key("d1"), second.GenerationId).KeptSubscriptions);
        Assert.Equal(1, hub.Get<RegistryStatistics>().CountConnectedDevices(hub.Hub));
    }

    [Fact]
    public async Task An_older_session_that_ends_after_a_newer_one_began_leaves_the_device_connected()
    {
        await using var hub = await HubHost.StartAsync();
        var made = (await hub.PutAsync("d1")).Value;
        var states = hub.Get<ConnectionStates>();
        var older = states.Connected(hub.Hub, HubHost.Key("d1"), made.GenerationId);
        var newer = states.Connected(hub.Hub, HubHost.Key("d1"), made.GenerationId);

        states.Disconnected(older);

        Assert.True((await hub.FindAsync("d1")).Value.Connection.IsConnected);
        Assert.Equal(1, hub.Get<RegistryStatistics>().CountConnectedDevices(hub.Hub));
        states.Disconnected(newer);
        Assert.False((await hub.FindAsync("d1")).Value.Connection.IsConnected);
    }
}
