using System.Net.WebSockets;
using System.Security.Authentication;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class SmokeTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Mqtt_bytes_go_both_ways_over_tls(SslProtocols version)
    {
        await using var host = await DoorHost.StartAsync();
        await using var client = await host.ConnectAsync(o => o.EnabledSslProtocols = version);

        await client.WriteAsync("ping"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = new byte[4];
        await client.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);

        Assert.Equal("ping"u8, answer);
        var peer = Assert.Single(host.Handler.Connections).Peer;
        Assert.Equal("localhost", peer.HostName);
        Assert.Equal(version == SslProtocols.Tls12 ? "1.2" : "1.3", peer.TlsVersion);
        Assert.Null(peer.Certificate);
    }

    [Fact]
    public async Task Https_answers_and_knows_its_scheme()
    {
        await using var host = await DoorHost.StartAsync();
        using var sockets = new SocketsHttpHandler { SslOptions = host.ClientOptions() };
        using var http = new HttpClient(sockets);

        var text = await http.GetStringAsync(new Uri($"https://localhost:{host.Door.HttpsPort}/hello"), TestContext.Current.CancellationToken);

        Assert.Equal("https ", text);
    }

    [Fact]
    public async Task Mqtt_bytes_go_both_ways_over_a_web_socket()
    {
        await using var host = await DoorHost.StartAsync();
        using var sockets = new SocketsHttpHandler { SslOptions = host.ClientOptions() };
        using var invoker = new HttpMessageInvoker(sockets);
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("mqtt");

        await client.ConnectAsync(new Uri($"wss://localhost:{host.Door.HttpsPort}/$iothub/websocket?iothub-no-client-cert=true"), invoker, TestContext.Current.CancellationToken);
        await client.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        var answer = new byte[16];
        var received = await client.ReceiveAsync(answer, TestContext.Current.CancellationToken);

        Assert.Equal("mqtt", client.SubProtocol);
        Assert.Equal("ping", System.Text.Encoding.ASCII.GetString(answer, 0, received.Count));
        Assert.Equal("mqtt-ws", Assert.Single(host.Handler.Connections).Peer.Protocol);
    }
}
