using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Sinks.Webhooks;
using Xunit;

namespace Gatehouse.Sinks.Tests;

/// <summary>Calls of webhooks, at a real web server on loopback.</summary>
public sealed class WebhookSinkTests : IDisposable
{
    private const string Secret = "0123456789abcdef";

    private readonly LoopbackServer server;
    private readonly string address;
    private readonly List<(string Path, string Signature, byte[] Body)> calls = [];
    private int status;
    private string? location;

    public WebhookSinkTests()
    {
        server = new LoopbackServer(TakeAsync);
        address = $"http://{server.Host}/";
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => server.Dispose();

    [Fact]
    public async Task The_signature_covers_time_and_body()
    {
        Answer(204);

        Assert.Equal(SinkResult.Delivered, (await SendAsync()).Result);

        var (_, signature, body) = Assert.Single(calls);
        var time = signature.Split(',')[0][2..];
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), (byte[])[.. Encoding.ASCII.GetBytes(time + "."), .. body]));
        Assert.Equal($"t={time},v1={expected}", signature);
        Assert.Contains("\"d1\"", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, SinkResult.Delivered)]
    [InlineData(302, SinkResult.Failed)]
    [InlineData(400, SinkResult.Refused)]
    [InlineData(401, SinkResult.Failed)]
    [InlineData(410, SinkResult.Refused)]
    [InlineData(429, SinkResult.Failed)]
    [InlineData(503, SinkResult.Failed)]
    public async Task The_answer_decides(int status, SinkResult expected)
    {
        Answer(status);

        Assert.Equal(expected, (await SendAsync()).Result);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        Answer(307, $"{address}elsewhere");

        Assert.Equal(SinkResult.Failed, (await SendAsync()).Result);
        Assert.Equal("/", Assert.Single(calls).Path);
    }

    [Fact]
    public async Task A_private_address_is_not_called_unless_that_is_allowed()
    {
        Answer(200);

        var outcome = await SendAsync(new SinkOptions());

        Assert.Equal(SinkResult.Failed, outcome.Result);
        Assert.Contains("--private-endpoints", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(calls);
    }

    [Theory]
    [InlineData("https://hooks.example.com/services/T1/secret", "https://hooks.example.com/****")]
    [InlineData("https://hooks.example.com:8443/?key=secret", "https://hooks.example.com:8443/****")]
    [InlineData("https://hooks.example.com/", "https://hooks.example.com/")]
    public void What_may_hold_a_key_is_masked(string url, string shown) => Assert.Equal(shown, WebhookTarget.Masked(url));

    [Fact]
    public void What_the_far_end_says_is_cut() => Assert.Equal(512, SinkOutcome.Refused(new string('x', 100_000)).Error!.Length);

    private async Task<SinkOutcome> SendAsync(SinkOptions? options = null)
    {
        await using var sink = new WebhookSink(WebhookTarget.Parse(address, Secret, out _)!, options ?? new SinkOptions { AllowPrivateAddresses = true }, TimeProvider.System);
        return await sink.SendAsync(Events.Batch(Events.Of(0, "x")), Token);
    }

    private void Answer(int code, string? to = null) => (status, location) = (code, to);

    private async Task TakeAsync(HttpListenerContext call)
    {
        using var body = new MemoryStream();
        await call.Request.InputStream.CopyToAsync(body);
        calls.Add((call.Request.Url!.AbsolutePath, call.Request.Headers["Gatehouse-Signature"] ?? "", body.ToArray()));
        call.Response.StatusCode = status;
        call.Response.RedirectLocation = location;
    }
}
