using System.Net.Security;
using Gatehouse.Transport.Connections;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class DeadlineTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("\u0016\u0003\u0001")]
    public async Task A_handshake_that_does_not_come_is_cut_at_the_deadline_and_not_before(string sent)
    {
        await using var host = await DoorHost.StartAsync(time: _time);
        using var tcp = await host.TcpAsync();
        await tcp.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(sent), Now);
        await Eventually.TrueAsync(() => host.Door.Connections == 1);

        Pass(host, TimeSpan.FromSeconds(14));
        Assert.Equal(1, host.Door.Connections);
        Pass(host, TimeSpan.FromSeconds(1));

        await Eventually.ClosedAsync(tcp.GetStream());
        await Eventually.TrueAsync(() => host.Door.Connections == 0);
    }

    [Fact]
    public async Task Tls_and_connect_share_one_deadline()
    {
        await using var host = await DoorHost.StartAsync(time: _time, serve: Handler.SinkAsync);
        using var tcp = await host.TcpAsync();
        await Eventually.TrueAsync(() => host.Door.Connections == 1);
        Pass(host, TimeSpan.FromSeconds(10));
        await using var client = new SslStream(tcp.GetStream());
        await client.AuthenticateAsClientAsync(host.ClientOptions(), Now);
        await client.WriteAsync("CONN"u8.ToArray(), Now);

        Pass(host, TimeSpan.FromSeconds(5));

        await Eventually.ClosedAsync(client);
    }

    [Fact]
    public async Task A_known_peer_is_not_cut_by_that_deadline()
    {
        await using var host = await DoorHost.StartAsync(time: _time);
        await using var client = await host.ConnectAsync();
        await PingAsync(client);

        Pass(host, TimeSpan.FromHours(1));

        await PingAsync(client);
    }

    [Fact]
    public async Task An_idle_connection_is_cut_after_its_time_and_never_before()
    {
        await using var host = await DoorHost.StartAsync(time: _time);
        await using var client = await host.ConnectAsync();
        await PingAsync(client);
        Assert.Single(host.Handler.Connections).SetIdleTimeout(TimeSpan.FromSeconds(90));

        Pass(host, TimeSpan.FromSeconds(80));
        await PingAsync(client);
        Pass(host, TimeSpan.FromSeconds(89.9));
        Assert.Equal(1, host.Door.Connections);
        Pass(host, TimeSpan.FromSeconds(2));

        await Eventually.ClosedAsync(client);
    }

    [Fact]
    public async Task A_deadline_cuts_whatever_happens_and_can_be_moved()
    {
        await using var host = await DoorHost.StartAsync(time: _time);
        await using var client = await host.ConnectAsync();
        await PingAsync(client);
        var connection = Assert.Single(host.Handler.Connections);

        connection.SetDeadline(_time.GetUtcNow().AddSeconds(30));
        connection.SetDeadline(_time.GetUtcNow().AddSeconds(60));
        Pass(host, TimeSpan.FromSeconds(59));
        await PingAsync(client);
        Pass(host, TimeSpan.FromSeconds(1));

        await Eventually.ClosedAsync(client);
    }

    [Fact]
    public async Task Abort_ends_pending_reads_from_any_thread_more_than_once()
    {
        await using var host = await DoorHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await PingAsync(client);
        var connection = Assert.Single(host.Handler.Connections);

        Parallel.For(0, 8, _ => connection.Abort("a newer connection of this identity"));

        await Eventually.ClosedAsync(client);
        await Eventually.TrueAsync(() => host.Door.Connections == 0);
        Assert.Single(host.Log.Text.Split('\n'), l => l.StartsWith("Debug 1022", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peer_that_does_not_read_the_last_bytes_is_cut()
    {
        await using var host = await DoorHost.StartAsync(time: _time, serve: async c =>
        {
            c.MarkAuthenticated();
            await c.Output.WriteAsync(new byte[64]);
            _ = c.Output.GetMemory(16_000_000);
            c.Output.Advance(16_000_000);
        });
        using var tcp = await host.TcpAsync();
        await using var client = new SslStream(tcp.GetStream());
        await client.AuthenticateAsClientAsync(host.ClientOptions(), Now);
        await client.ReadExactlyAsync(new byte[64], Now);

        Pass(host, TimeSpan.FromSeconds(4));
        Assert.Equal(1, host.Door.Connections);

        // The handler may end a moment after its client has read: the time to close begins then.
        await Eventually.TrueAsync(() =>
        {
            Pass(host, TimeSpan.FromSeconds(2));
            return host.Door.Connections == 0;
        });
    }

    [Fact]
    public async Task A_slow_http_head_is_cut()
    {
        await using var host = await DoorHost.StartAsync(o => o with { Limits = o.Limits with { HttpHeadersTimeout = TimeSpan.FromSeconds(1) } });
        await using var client = await host.ConnectAsync(port: host.Door.HttpsPort);

        await client.WriteAsync("GET /hello HTTP/1.1\r\nHost: "u8.ToArray(), Now);

        await Eventually.ClosedAsync(client);
    }

    [Fact]
    public void The_coarse_clock_stands_between_beats()
    {
        var clock = new CoarseClock(_time);
        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(0, clock.Now);
        clock.Beat();
        Assert.Equal(3_000, clock.Now);
    }

    private void Pass(DoorHost host, TimeSpan time)
    {
        _time.Advance(time);
        host.Beat();
    }

    private static async Task PingAsync(SslStream client)
    {
        await client.WriteAsync("ping"u8.ToArray(), Now);
        await client.ReadExactlyAsync(new byte[4], Now);
    }
}
