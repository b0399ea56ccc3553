using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Queries;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hub.Tests.Queries;

/// <summary>What the operator learns of slow and refused queries.</summary>
public sealed class QueryReportTests : ILogger<Hub.Queries.Queries>
{
    private readonly FakeTimeProvider time = new();
    private readonly List<string> lines = [];

    [Theory]
    [InlineData(1.9, 0)]
    [InlineData(2.0, 2)]
    public void A_query_is_slow_from_the_limit_on(double seconds, int expected)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var reports = Reports(services);
        var started = reports.Start();
        time.Advance(TimeSpan.FromSeconds(seconds));

        reports.Answered(HubName.Parse("hub1"), "select *\nfrom devices", started, new QueryPage("Raw", default, null));

        Assert.Equal(expected, lines.Count);
        Assert.All(lines, line => Assert.DoesNotContain('\n', line));
    }

    [Fact]
    public void Refusals_are_told_once_a_minute_with_their_number()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var reports = Reports(services);
        for (var i = 0; i < 5; i++)
        {
            reports.Answered(HubName.Parse("hub1"), "nonsense", reports.Start(), HubErrors.ArgumentInvalid);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        reports.Answered(HubName.Parse("hub1"), "nonsense", reports.Start(), HubErrors.ThrottlingException);

        Assert.Equal(
            ["2162 1 queries of hub hub1 were refused since the last such line; the last one: ArgumentInvalid.", "2162 5 queries of hub hub1 were refused since the last such line; the last one: ThrottlingException."],
            lines);
    }

    [Fact]
    public void Each_hub_has_its_own_number_of_refusals()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var reports = Reports(services);
        foreach (var hub in new[] { "hub1", "hub2", "hub2", "hub1" })
        {
            reports.Answered(HubName.Parse(hub), "nonsense", reports.Start(), HubErrors.ArgumentInvalid);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        reports.Answered(HubName.Parse("hub2"), "nonsense", reports.Start(), HubErrors.ArgumentInvalid);

        Assert.Equal(["1 queries of hub hub1", "1 queries of hub hub2", "2 queries of hub hub2"], lines.Select(line => line["2162 ".Length..line.IndexOf(" were", StringComparison.Ordinal)]));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Add($"{eventId.Id} {formatter(state, exception)}");

    private QueryReports Reports(IServiceProvider services) => new(new QueryOptions(), new QueryMetrics(services.GetRequiredService<IMeterFactory>()), time, this);
}
