using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>A hub that is throttled as one unit: a minute's worth at once, then the service's 429 without Retry-After, then again.</summary>
public sealed class ThrottleTests : IAsyncLifetime
{
    private const string Devices = "/devices?api-version=2021-04-12";

    private readonly RunningApi api = new(new ServiceApiOptions { ThrottleUnits = 1 });

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task A_minutes_worth_passes_one_more_is_refused_and_waiting_helps()
    {
        var token = await api.TokenOfAsync("iothubowner");
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(200, (await api.AskAsync("GET", Devices, token)).Code);
        }

        var refused = await api.AskAsync("GET", Devices, token);

        ErrorShape.Check(refused, 429, "ThrottlingException");
        Assert.Contains("Wait 1 seconds", refused.Body, StringComparison.Ordinal);
        Assert.Equal("close", refused.Header("Connection"));
        Assert.Null(refused.Header("Retry-After"));
        Assert.Equal(400, (await api.AskAsync("POST", Devices, token, "[]")).Code); // bulk calls count apart
        Assert.Equal(200, (await api.AskAsync("GET", "/gatehouse/v1/partitions", token)).Code);
        api.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await api.AskAsync("GET", Devices, token)).Code);
    }

    [Fact]
    public async Task Who_is_refused_anyway_uses_nothing_up()
    {
        var weak = await api.TokenOfAsync("device");
        for (var i = 0; i < 150; i++)
        {
            Assert.Equal(401, (await api.AskAsync("GET", Devices, weak)).Code);
        }

        Assert.Equal(200, (await api.AskAsync("GET", Devices, await api.TokenOfAsync("registryRead"))).Code);
    }

    [Fact]
    public async Task Bulk_calls_have_their_own_twenty_a_minute()
    {
        var token = await api.TokenOfAsync("iothubowner");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(400, (await api.AskAsync("POST", Devices, token, "[]")).Code);
        }

        ErrorShape.Check(await api.AskAsync("POST", Devices, token, "[]"), 429, "ThrottlingException");
    }

    [Theory]
    [InlineData("POST", "/devices/none/messages/deviceBound?api-version=2021-04-12", 100, 404)]
    [InlineData("GET", "/messages/serviceBound/feedback?api-version=2021-04-12", 1_000, 204)]
    public async Task Messages_and_polls_for_feedback_have_their_own(string method, string path, int perMinute, int status)
    {
        var token = await api.TokenOfAsync("service");
        for (var i = 0; i < perMinute; i++)
        {
            Assert.Equal(status, (await api.AskAsync(method, path, token)).Code);
        }

        ErrorShape.Check(await api.AskAsync(method, path, token), 429, "ThrottlingException");
    }
}
