using Gatehouse.Hub.Routing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>The health of an endpoint, as operators see it.</summary>
public sealed class EndpointStateTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_endpoint_whose_deliveries_fail_is_unhealthy_for_an_hour_and_then_dead_until_one_is_taken(bool hasDelivered)
    {
        var time = new FakeTimeProvider();
        var state = new EndpointState(time);
        string Health() => state.Show("e", "webhook").Health;
        Assert.Equal("unknown", Health());
        if (hasDelivered)
        {
            state.Succeeded(1, TimeSpan.Zero);
            Assert.Equal("healthy", Health());
        }

        state.Failed("away");
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("unhealthy", Health());
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("dead", Health());
        state.Failed("away");
        Assert.Equal(("dead", true), (Health(), state.IsFailing));

        state.Succeeded(1, TimeSpan.Zero);
        Assert.Equal(("healthy", false), (Health(), state.IsFailing));
    }
}
