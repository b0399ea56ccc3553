using System.Net.Sockets;
using System.Text;
using Gatehouse.Hub.Throttling;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>A hub that is throttled as one unit of S1: a minute's worth at once, then the service's 429, then again after the time it names.</summary>
public sealed class ThrottleTests : IAsyncLifetime
{
    private const string Devices = "/devices?api-version=2021-04-12";

    private readonly RunningApi api = new(new ServiceApiOptions(), new ThrottleOptions { Tier = ThrottleTier.S1, Hold = TimeSpan.Zero });

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
        Assert.Contains("Operation type: RegistryRead", refused.Body, StringComparison.Ordinal);
        Assert.Equal("close", refused.Header("Connection"));
        Assert.Equal("1", refused.Header("Retry-After"));
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
            Assert.Equal(401, (await api.AskAsync("GET", Devices, null)).Code);
        }

        Assert.Equal(200, (await api.AskAsync("GET", Devices, await api.TokenOfAsync("registryRead"))).Code);
    }

    [Theory]
    [InlineData("POST", "/devices?api-version=2021-04-12", "[]", 20, 400, "iothubowner")]
    [InlineData("POST", "/devices/query?api-version=2021-04-12", """{"query":"select * from devices"}""", 20, 200, "service")]
    [InlineData("POST", "/devices/none/messages/deviceBound?api-version=2021-04-12", null, 100, 404, "service")]
    [InlineData("GET", "/messages/serviceBound/feedback?api-version=2021-04-12", null, 1_000, 204, "service")]
    [InlineData("GET", "/jobs/v2/none?api-version=2021-04-12", null, 100, 200, "service")]
    [InlineData("GET", "/twins/none?api-version=2021-04-12", null, 100, 404, "service")]
    [InlineData("PATCH", "/twins/none?api-version=2021-04-12", "{}", 50, 404, "service")]
    [InlineData("POST", "/twins/none/methods?api-version=2021-04-12", """{"methodName":"m"}""", 40, 404, "service")]
    public async Task Each_class_has_its_own_limit(string method, string path, string? body, int limit, int status, string policy)
    {
        var token = await api.TokenOfAsync(policy);
        for (var i = 0; i < limit; i++)
        {
            Assert.Equal(status, (await api.AskAsync(method, path, token, body)).Code);
        }

        var refused = await api.AskAsync(method, path, token, body);

        ErrorShape.Check(refused, 429, "ThrottlingException");
        api.Time.Advance(TimeSpan.FromSeconds(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(status, (await api.AskAsync(method, path, token, body)).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Direct_methods_count_by_their_size_whether_it_is_announced_or_not(bool isAnnounced)
    {
        const string path = "/twins/none/methods?api-version=2021-04-12";
        var token = await api.TokenOfAsync("service");
        var body = $$"""{"methodName":"m","payload":"{{new string('x', 100_000)}}"}"""; // 25 units of 4 KiB; 40 a second

        Assert.Equal(404, (await Call()).Code);
        Assert.Equal(isAnnounced ? 429 : 404, (await Call()).Code);
        ErrorShape.Check(await Call(), 429, "ThrottlingException");

        Task<RunningApi.Answer> Call() => api.AskAsync("POST", path, token, change: request =>
        {
            request.Content = isAnnounced ? new StringContent(body, Encoding.UTF8, "application/json") : new UnannouncedContent(body);
            request.Headers.TransferEncodingChunked = isAnnounced ? null : true;
        });
    }

    [Fact]
    public async Task A_length_that_is_only_claimed_and_more_than_is_read_uses_up_one_call()
    {
        const string path = "/twins/none/methods?api-version=2021-04-12";
        var token = await api.TokenOfAsync("service");
        using var claiming = new TcpClient();
        await claiming.ConnectAsync(api.Address.Host, api.Address.Port, TestContext.Current.CancellationToken);
        await claiming.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Type: application/json\r\nContent-Length: 9000000000000000000\r\n\r\n"), TestContext.Current.CancellationToken);
        using var answer = new StreamReader(claiming.GetStream());
        Assert.StartsWith("HTTP/1.1 413", await answer.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        for (var i = 0; i < 39; i++)
        {
            Assert.Equal(404, (await api.AskAsync("POST", path, token, """{"methodName":"m"}""")).Code);
        }

        Assert.Equal(429, (await api.AskAsync("POST", path, token, """{"methodName":"m"}""")).Code);
        api.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(404, (await api.AskAsync("POST", path, token, """{"methodName":"m"}""")).Code);
    }

    [Fact]
    public async Task What_was_received_is_settled_though_no_more_may_be_received()
    {
        var token = await api.TokenOfAsync("service");
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Equal(204, (await api.AskAsync("GET", "/messages/serviceBound/feedback?api-version=2021-04-12", token)).Code);
        }

        Assert.Equal(429, (await api.AskAsync("GET", "/messages/serviceBound/feedback?api-version=2021-04-12", token)).Code);
        foreach (var kind in new[] { "feedback", "filenotifications" })
        {
            Assert.Equal(412, (await api.AskAsync("DELETE", $"/messages/serviceBound/{kind}/{Guid.NewGuid()}?api-version=2021-04-12", token)).Code);
            Assert.Equal(412, (await api.AskAsync("POST", $"/messages/serviceBound/{kind}/{Guid.NewGuid()}/abandon?api-version=2021-04-12", token)).Code);
        }
    }

    private sealed class UnannouncedContent : HttpContent
    {
        private readonly byte[] bytes;

        internal UnannouncedContent(string text)
        {
            bytes = Encoding.UTF8.GetBytes(text);
            Headers.ContentType = new("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
