using Gatehouse.Contracts.Identities;
using Gatehouse.Provisioning.Allocation;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Which hub a device gets.</summary>
public sealed class HubChoiceTests
{
    private static readonly LinkedHub[] Hubs = [New("a", 1), New("b", 3), New("c", 1) with { Applies = false }];

    [Fact]
    public void Hashed_devices_spread_by_weight_and_each_keeps_its_hub()
    {
        var chosen = Enumerable.Range(0, 4_000).Select(index => HubChoice.Make("hashed", null, Hubs, $"dev-{index}")!.HostName).ToList();

        Assert.Equal(chosen, Enumerable.Range(0, 4_000).Select(index => HubChoice.Make("hashed", null, Hubs, $"dev-{index}")!.HostName));
        Assert.InRange(chosen.Count(host => host == "b"), 2_850, 3_150);
        Assert.DoesNotContain("c", chosen);
    }

    [Fact]
    public void A_hub_that_comes_only_takes_devices_and_moves_none_between_the_others()
    {
        LinkedHub[] more = [.. Hubs, New("d", 1)];

        Assert.All(Enumerable.Range(0, 1_000), index =>
        {
            var after = HubChoice.Make("hashed", null, more, $"dev-{index}")!.HostName;
            Assert.True(after == "d" || after == HubChoice.Make("hashed", null, Hubs, $"dev-{index}")!.HostName);
        });
    }

    [Fact]
    public void Named_hubs_are_the_only_ones_and_latency_takes_them_in_their_order()
    {
        Assert.Equal("c", HubChoice.Make("static", [Hubs[2]], Hubs, "d")!.HostName);
        Assert.Equal("b", HubChoice.Make("geoLatency", [Hubs[1], Hubs[0]], Hubs, "d")!.HostName);
        Assert.Equal("a", HubChoice.Make("geoLatency", null, Hubs, "d")!.HostName);
        Assert.Null(HubChoice.Make("static", [], Hubs, "d"));
    }

    private static LinkedHub New(string host, int weight) => new(host, HubName.Parse("gatehouse"), weight, Applies: true);
}
