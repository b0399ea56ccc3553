using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Gatehouse.Transport.Admission;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class AdmissionTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unknown_peers_of_one_address_are_limited_while_known_ones_live()
    {
        await using var host = await StartAsync(l => l with { MaxUnauthenticatedPerAddress = 2 });
        using var meters = new Meters(host.Get<IMeterFactory>());
        await using var known = await host.ConnectAsync();
        await PingAsync(known);
        using var first = await host.TcpAsync();
        using var second = await host.TcpAsync();
        await Eventually.TrueAsync(() => host.Door.UnauthenticatedConnections == 2);

        await RefusedAsync(host, host.Door.MqttPort);
        await PingAsync(known);

        Assert.Equal(1, meters["connections.refused too_many_from_address"]);
        Assert.Equal(3, host.Door.Connections);
    }

    [Fact]
    public async Task A_place_is_free_again_when_its_peer_leaves_or_is_known()
    {
        await using var host = await StartAsync(l => l with { MaxUnauthenticated = 1 });

        for (var i = 0; i < 3; i++)
        {
            var client = await host.ConnectAsync();
            await PingAsync(client);
        }

        using (await host.TcpAsync())
        {
            await Eventually.TrueAsync(() => host.Door.UnauthenticatedConnections == 1);
        }

        await Eventually.TrueAsync(() => host.Door.UnauthenticatedConnections == 0);
        await using var last = await host.ConnectAsync();
        await PingAsync(last);
        Assert.Equal(4, host.Door.Connections);
    }

    [Fact]
    public async Task Connections_of_all_kinds_are_limited_together()
    {
        await using var host = await StartAsync(l => l with { MaxConnections = 2 });
        await using var mqtt = await host.ConnectAsync();
        await PingAsync(mqtt);
        await using var https = await host.ConnectAsync(port: host.Door.HttpsPort);

        await RefusedAsync(host, host.Door.HttpsPort);

        Assert.Equal(2, host.Door.Connections);
        await PingAsync(mqtt);
    }

    [Fact]
    public async Task An_address_that_the_rule_refuses_gets_no_tls()
    {
        await using var host = await DoorHost.StartAsync();
        IPAddress? asked = null;
        host.Door.AddressRule = address =>
        {
            asked = address;
            return false;
        };

        await RefusedAsync(host, host.Door.MqttPort);

        Assert.Equal(IPAddress.Loopback, asked);
        Assert.Equal(0, host.Door.Connections);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task An_unknown_peer_may_send_its_budget_and_no_more(int bytes, bool mayLive)
    {
        await using var host = await StartAsync(l => l with { MaxUnauthenticatedBytes = 100 }, Handler.SinkAsync);
        using var meters = new Meters(host.Get<IMeterFactory>());
        await using var client = await host.ConnectAsync();

        await client.WriteAsync(RandomNumberGenerator.GetBytes(60), Now);
        await client.WriteAsync(RandomNumberGenerator.GetBytes(bytes - 60), Now);

        if (mayLive)
        {
            await Task.Delay(100, Now);
            Assert.Equal(1, host.Door.Connections);
        }
        else
        {
            await Eventually.ClosedAsync(client);
            Assert.Equal(1, meters["connections.aborted authentication_bytes"]);
        }
    }

    [Fact]
    public async Task A_known_peer_has_no_such_budget()
    {
        await using var host = await StartAsync(l => l with { MaxUnauthenticatedBytes = 100 });
        await using var client = await host.ConnectAsync();
        await PingAsync(client);

        var sent = RandomNumberGenerator.GetBytes(100_000);
        var writing = client.WriteAsync(sent, Now).AsTask();
        var got = new byte[sent.Length];
        await client.ReadExactlyAsync(got, Now);
        await writing;

        Assert.Equal(sent, got);
    }

    [Fact]
    public async Task A_peer_that_stalls_in_its_handshake_keeps_nobody_from_computing()
    {
        await using var host = await StartAsync(l => l with { MaxHandshakesComputing = 1 });
        var stalled = new List<TcpClient>();
        for (var i = 0; i < 5; i++)
        {
            var tcp = await host.TcpAsync();
            stalled.Add(tcp);
            if (i % 2 == 0)
            {
                await tcp.GetStream().WriteAsync(await ClientHelloAsync(), Now);
            }
        }

        await using var client = await host.ConnectAsync();
        await PingAsync(client);

        stalled.ForEach(t => t.Dispose());
    }

    [Fact]
    public async Task Garbage_instead_of_tls_closes_only_itself()
    {
        await using var host = await DoorHost.StartAsync();
        using var garbage = await host.TcpAsync();
        await garbage.GetStream().WriteAsync("\u0010\u0020MQTT on the TLS port, forgot TLS"u8.ToArray(), Now);

        await Eventually.ClosedAsync(garbage.GetStream());
        await using var client = await host.ConnectAsync();
        await PingAsync(client);

        Assert.Equal(1, host.Door.Connections);
    }

    [Theory]
    [InlineData("10.1.2.3", "::ffff:10.1.2.3", true)]
    [InlineData("10.1.2.3", "10.1.2.4", false)]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    public void An_address_is_an_ipv4_address_or_an_ipv6_subnet(string a, string b, bool isSame) =>
        Assert.Equal(isSame, AddressKey.Of(IPAddress.Parse(a)) == AddressKey.Of(IPAddress.Parse(b)));

    private static Task<DoorHost> StartAsync(Func<ConnectionLimits, ConnectionLimits> change, Func<ClientConnection, Task>? serve = null) =>
        DoorHost.StartAsync(o => o with { Limits = change(o.Limits) }, serve: serve);

    /// <summary>A refusal is a reset, which may come before the client knows that it was connected.</summary>
    private static async Task RefusedAsync(DoorHost host, int? port)
    {
        try
        {
            using var tcp = await host.TcpAsync(port);
            await Eventually.ClosedAsync(tcp.GetStream());
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    private static async Task PingAsync(SslStream client)
    {
        await client.WriteAsync("ping"u8.ToArray(), Now);
        await client.ReadExactlyAsync(new byte[4], Now);
    }

    /// <summary>The first flight of a real client.</summary>
    private static async Task<byte[]> ClientHelloAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Now);
        using var accepted = await listener.AcceptTcpClientAsync(Now);
        await using var ssl = new SslStream(tcp.GetStream());
        _ = ssl.AuthenticateAsClientAsync("localhost").ContinueWith(t => t.Exception, TaskScheduler.Default);
        var buffer = new byte[4096];
        var length = await accepted.GetStream().ReadAsync(buffer, Now);
        return buffer[..length];
    }
}
