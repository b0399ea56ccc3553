using System.Diagnostics.Metrics;
using System.Globalization;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>A router that begins looks at what its logs hold, and no further than it must.</summary>
public sealed class PartitionRouterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_route_of_a_hub_with_many_events_does_not_read_them()
    {
        var (source, events) = (new MemoryLog(), new MemoryLog());
        for (var i = 0; i < 10_000; i++)
        {
            events.Add(Record());
        }

        source.Add(Record());

        Assert.Equal(1, await RouteAsync(source, events));

        Assert.Equal(10_001, events.Count);
        Assert.InRange(events.Reads, 1, 10);
    }

    [Fact]
    public async Task What_was_carried_on_already_is_found_behind_many_dead_letters_that_were_sent_again()
    {
        var (source, events) = (new MemoryLog(), new MemoryLog());
        events.Add(Record());
        events.Add(Record(sequence: 1, isRouted: true));
        for (var i = 0; i < 1000; i++)
        {
            events.Add(Record(isRouted: true));
        }

        for (var i = 0; i < 3; i++)
        {
            source.Add(Record());
        }

        Assert.Equal(3, await RouteAsync(source, events));

        Assert.Equal(1003, events.Count);
        Assert.InRange(events.Reads, 1, 100);
    }

    [Fact]
    public async Task An_event_that_came_straight_while_routes_came_into_force_hides_nothing()
    {
        var (source, events) = (new MemoryLog(), new MemoryLog());
        events.Add(Record(sequence: 0, isRouted: true));
        events.Add(Record());
        source.Add(Record());
        source.Add(Record());

        Assert.Equal(2, await RouteAsync(source, events));

        Assert.Equal(3, events.Count);
    }

    [Fact]
    public async Task What_was_routed_is_found_behind_many_events_of_a_node_that_had_not_heard_of_the_routes()
    {
        var (source, events) = (new MemoryLog(), new MemoryLog());
        events.Add(Record(sequence: 0, isRouted: true));
        for (var i = 0; i < 1000; i++)
        {
            events.Add(Record());
        }

        source.Add(Record());
        source.Add(Record());

        Assert.Equal(2, await RouteAsync(source, events, isShared: true));

        Assert.Equal(1002, events.Count);
    }

    private static async Task<long> RouteAsync(MemoryLog source, MemoryLog events, bool isShared = false)
    {
        var hub = HubName.Parse("gatehouse");
        var table = RouteTable.Compile(hub, new StoredRouting { Routes = [new MessageRoute { Name = "all", Source = "DeviceMessages", Condition = "true", EndpointNames = ["events"] }] });
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var router = new PartitionRouter(
            0, new HubIntake(events, table), (_, _) => events, new TwinSource(null!, hub), new RoutingCounts(), new RoutingMetrics(services.GetRequiredService<IMeterFactory>())) { IsShared = isShared };
        return await router.RouteAsync(source, 0, Token);
    }

    private static byte[] Record(long? sequence = null, bool isRouted = false)
    {
        var writer = new EventWriter(new byte[256]);
        writer.TryAddEncoded(EventWriter.EncodeFields(
            (EventField.ConnectionDeviceId, "d1"),
            (EventField.MessageSource, "Telemetry"),
            (EventField.EnqueuedTime, isRouted ? "1" : null),
            (EventField.RouteSequence, sequence?.ToString(CultureInfo.InvariantCulture))));
        return [.. writer.Complete(), (byte)'x'];
    }
}
