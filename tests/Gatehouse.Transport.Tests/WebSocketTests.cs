using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class WebSocketTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("mqtt", "")]
    [InlineData("mqtt", "?iothub-no-client-cert=true")]
    [InlineData("MQTT", "")]
    public async Task The_sub_protocol_is_echoed_as_written_and_the_query_ignored(string protocol, string query)
    {
        await using var host = await DoorHost.StartAsync();

        using var socket = await ConnectAsync(host, protocol, query);

        Assert.Equal(protocol, socket.SubProtocol);
    }

    [Fact]
    public async Task Bytes_may_be_split_over_frames_and_share_them()
    {
        await using var host = await DoorHost.StartAsync();
        using var socket = await ConnectAsync(host);

        foreach (var (part, isEnd) in new[] { ("a", false), ("", false), ("bc", true), ("", true), ("defg", true) })
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(part), WebSocketMessageType.Binary, isEnd, Now);
        }

        Assert.Equal("abcdefg", await ReadAsync(socket, 7));
    }

    [Fact]
    public async Task Text_closes_the_connection()
    {
        await using var host = await DoorHost.StartAsync();
        using var socket = await ConnectAsync(host);

        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, Now);
        var answer = await socket.ReceiveAsync(new byte[16], Now);

        Assert.Equal(WebSocketMessageType.Close, answer.MessageType);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, socket.CloseStatus);
        await Eventually.TrueAsync(() => host.Door.Connections == 0);
    }

    [Theory]
    [InlineData(1_000, true)]
    [InlineData(1_001, false)]
    public async Task A_message_is_bounded_over_all_its_frames(int bytes, bool isTaken)
    {
        await using var host = await DoorHost.StartAsync(o => o with { Limits = o.Limits with { MaxWebSocketMessageBytes = 1_000 } });
        using var socket = await ConnectAsync(host);

        await socket.SendAsync(new byte[600], WebSocketMessageType.Binary, false, Now);
        await socket.SendAsync(new byte[bytes - 600], WebSocketMessageType.Binary, true, Now);

        if (isTaken)
        {
            Assert.Equal(bytes, (await ReadAsync(socket, bytes)).Length);
        }
        else
        {
            var buffer = new byte[2_000];
            while ((await socket.ReceiveAsync(buffer, Now)).MessageType != WebSocketMessageType.Close)
            {
            }

            Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.CloseStatus);
        }
    }

    [Theory]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: amqp\r\n")]
    [InlineData("Sec-WebSocket-Protocol: mqtt\r\n")]
    public async Task Anything_but_an_mqtt_upgrade_is_a_bad_request(string headers)
    {
        await using var host = await DoorHost.StartAsync();
        await using var client = await host.ConnectAsync(port: host.Door.HttpsPort);

        await client.WriteAsync(Encoding.ASCII.GetBytes($"GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"), Now);
        var answer = new byte[12];
        await client.ReadExactlyAsync(answer, Now);

        Assert.Equal("HTTP/1.1 400", Encoding.ASCII.GetString(answer));
        Assert.Empty(host.Handler.Connections);
    }

    [Fact]
    public async Task At_the_root_there_are_both_protocols_and_nothing_else()
    {
        await using var host = await DoorHost.StartAsync();
        using var socket = await ConnectAsync(host, path: "/");
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, true, Now);
        Assert.Equal("ping", await ReadAsync(socket, 4));
        Assert.Equal("mqtt-ws", Assert.Single(host.Handler.Connections).Peer.Protocol);

        await using var client = await host.ConnectAsync(port: host.Door.HttpsPort);
        await client.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Now);
        var answer = new byte[12];
        await client.ReadExactlyAsync(answer, Now);
        Assert.Equal("HTTP/1.1 404", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task No_compression_is_agreed_even_when_offered()
    {
        await using var host = await DoorHost.StartAsync();
        await using var client = await host.ConnectAsync(port: host.Door.HttpsPort);
        const string Request = "GET /$iothub/websocket HTTP/1.1\r\nHost: hub.example:443\r\nOrigin: https://evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

        await client.WriteAsync(Encoding.ASCII.GetBytes(Request), Now);
        var answer = new byte[4_096];
        var length = await client.ReadAsync(answer, Now);
        var head = Encoding.ASCII.GetString(answer, 0, length);

        Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Extensions", head, StringComparison.OrdinalIgnoreCase);
        await Eventually.TrueAsync(() => host.Handler.Connections.Count == 1);
        Assert.Equal("hub.example", Assert.Single(host.Handler.Connections).Peer.HostName);
    }

    [Fact]
    public async Task The_client_certificate_comes_along()
    {
        await using var host = await DoorHost.StartAsync();
        var pki = new ClientPki();
        var leaf = pki.Leaf("device-1");

        using var socket = await ConnectAsync(host, certificate: leaf);
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, true, Now);
        await ReadAsync(socket, 4);

        Assert.Equal($"{leaf.TargetCertificate.Thumbprint} {pki.Intermediate.Thumbprint}", Assert.Single(host.Handler.Seen));
    }

    [Fact]
    public async Task A_socket_without_connect_is_cut_at_the_deadline()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await DoorHost.StartAsync(time: time, serve: Handler.SinkAsync);
        using var socket = await ConnectAsync(host);
        await Eventually.TrueAsync(() => host.Handler.Connections.Count == 1);

        time.Advance(TimeSpan.FromSeconds(16));
        host.Beat();

        await Assert.ThrowsAnyAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[16], Now));
        await Eventually.TrueAsync(() => host.Door.Connections == 0);
    }

    [Fact]
    public async Task A_silent_peer_is_cut_by_the_idle_time_out()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await DoorHost.StartAsync(time: time);
        using var socket = await ConnectAsync(host);
        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, true, Now);
        await ReadAsync(socket, 4);
        Assert.Single(host.Handler.Connections).SetIdleTimeout(TimeSpan.FromSeconds(90));

        time.Advance(TimeSpan.FromSeconds(92));
        host.Beat();

        await Eventually.TrueAsync(() => host.Door.Connections == 0);
    }

    [Fact]
    public async Task A_handler_that_ends_closes_the_socket_in_order()
    {
        await using var host = await DoorHost.StartAsync(serve: async c => await c.Output.WriteAsync("bye!"u8.ToArray()));
        using var socket = await ConnectAsync(host);

        var last = await ReadAsync(socket, 4);
        var end = await socket.ReceiveAsync(new byte[16], Now);

        Assert.Equal("bye!", last);
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task A_client_that_closes_ends_its_handler()
    {
        await using var host = await DoorHost.StartAsync();
        using var socket = await ConnectAsync(host);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Now);

        await Eventually.TrueAsync(() => host.Door.Connections == 0);
    }

    [Theory]
    [InlineData("/$iothub/websocket")]
    [InlineData("/$servicebus/websocket")]
    [InlineData("/")]
    public async Task Amqp_is_served_at_all_paths_under_its_own_sub_protocol(string path)
    {
        await using var host = await DoorHost.StartAsync();
        using var socket = await ConnectAsync(host, protocol: "AMQPWSB10", path: path);

        await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, true, Now);

        Assert.Equal("ping", await ReadAsync(socket, 4));
        Assert.Equal("AMQPWSB10", socket.SubProtocol);
        Assert.Equal("amqp-ws", Assert.Single(host.Handler.Connections).Peer.Protocol);
    }

    [Fact]
    public async Task Mqtt_is_not_served_at_the_path_of_event_hubs_clients()
    {
        await using var host = await DoorHost.StartAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(host, path: "/$servicebus/websocket"));
    }

    private static async Task<ClientWebSocket> ConnectAsync(DoorHost host, string protocol = "mqtt", string query = "", SslStreamCertificateContext? certificate = null, string path = "/$iothub/websocket")
    {
        var options = host.ClientOptions();
        options.ClientCertificateContext = certificate;
        var handler = new SocketsHttpHandler { SslOptions = options };
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        await socket.ConnectAsync(new Uri($"wss://localhost:{host.Door.HttpsPort}{path}{query}"), invoker, Now);
        return socket;
    }

    private static async Task<string> ReadAsync(ClientWebSocket socket, int length)
    {
        var buffer = new byte[length];
        for (var got = 0; got < length;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(got), Now);
            Assert.Equal(WebSocketMessageType.Binary, received.MessageType);
            got += received.Count;
        }

        return Encoding.ASCII.GetString(buffer);
    }
}
