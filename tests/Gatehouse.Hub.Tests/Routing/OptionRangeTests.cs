using System.Reflection;
using Gatehouse.Hub.Routing;
using Gatehouse.Sinks;
using Xunit;

namespace Gatehouse.Hub.Tests.Routing;

/// <summary>Options of routing and of deliveries hold from one end of their range to the other, and the room does not open with one past it.</summary>
public sealed class OptionRangeTests
{
    [Fact]
    public void Limits_of_routing_are_what_they_say()
    {
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxRoutes), 0, 1000, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxEndpoints), 0, 100, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxEnrichments), 0, 100, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxConditionLength), 1, 8192, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxEnrichmentValueLength), 1, 4096, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxWaitingEvents), 1, 10_000_000, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxDeadLetters), 1, 1_000_000, 1);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxDeadLetterBytes), 1L << 20, 1L << 40, 1L);
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.MaxDeliveryTime), TimeSpan.FromSeconds(1), TimeSpan.FromDays(30), TimeSpan.FromTicks(1));
        Check(new RoutingOptions { MaxRetryPause = TimeSpan.FromMinutes(10) }, options => options.Validate(), nameof(RoutingOptions.RetryPause), TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), TimeSpan.FromTicks(1));
        Check(new RoutingOptions { RetryPause = TimeSpan.FromMilliseconds(1) }, options => options.Validate(), nameof(RoutingOptions.MaxRetryPause), TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10), TimeSpan.FromTicks(1));
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.LeaseTime), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), TimeSpan.FromTicks(1));
        Check(new RoutingOptions(), options => options.Validate(), nameof(RoutingOptions.PositionInterval), TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10), TimeSpan.FromTicks(1));
    }

    [Fact]
    public void Limits_of_deliveries_are_what_they_say()
    {
        Check(new SinkOptions(), options => options.Validate(), nameof(SinkOptions.Timeout), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(300), TimeSpan.FromTicks(1));
        Check(new SinkOptions(), options => options.Validate(), nameof(SinkOptions.MaxEvents), 1, 1000, 1);
        Check(new SinkOptions(), options => options.Validate(), nameof(SinkOptions.MaxBytes), 1024, 16 << 20, 1);
        Check(new SinkOptions(), options => options.Validate(), nameof(SinkOptions.MaxBlobBytes), 1 << 20, 64 << 20, 1);
        Check(new SinkOptions(), options => options.Validate(), nameof(SinkOptions.MaxMemoryBytes), 1L << 20, 64L << 30, 1L);
    }

    [Fact]
    public async Task A_room_with_a_limit_out_of_its_range_does_not_open() =>
        await Assert.ThrowsAsync<ArgumentException>(() => HubHost.StartAsync(new HubOptions { Routing = new RoutingOptions { MaxRoutes = 1001 } }));

    private static void Check<TOptions, TValue>(TOptions options, Action<TOptions> validate, string name, TValue least, TValue most, TValue step)
        where TOptions : class
    {
        var property = typeof(TOptions).GetProperty(name, BindingFlags.Public | BindingFlags.Instance)!;
        void Try(object value)
        {
            property.SetValue(options, value);
            validate(options);
        }

        dynamic low = least!;
        dynamic high = most!;
        dynamic one = step!;
        Try(low);
        Try(high);
        Assert.Contains(name, Assert.Throws<ArgumentException>(() => Try(low - one)).Message, StringComparison.Ordinal);
        Assert.Contains(name, Assert.Throws<ArgumentException>(() => Try(high + one)).Message, StringComparison.Ordinal);
    }
}
