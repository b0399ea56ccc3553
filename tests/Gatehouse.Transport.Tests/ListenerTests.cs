using System.Net;
using System.Net.Sockets;
using Gatehouse.Transport.Listeners;
using Gatehouse.Transport.Tls;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class ListenerTests
{
    private static readonly TransportOptions Options = new() { Tls = new TlsOptions { Folder = "unused", KeysFolder = "unused" } };

    [Fact]
    public async Task A_port_in_use_is_named_with_the_remedy()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var refused = await Assert.ThrowsAsync<TransportException>(() => DoorHost.StartAsync(o => o with { MqttPort = port }));

        Assert.Contains($"port {port} is in use", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--mqtt-port", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void A_privileged_port_falls_back_with_one_line()
    {
        using var log = new LogLines();

        var port = ListenerPlan.HttpsPort(Options, log, (_, p) => p == 443 ? SocketError.AccessDenied : SocketError.Success);

        Assert.Equal(8443, port);
        Assert.Contains("Port 443 may not be bound", log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_in_use_does_not_fall_back()
    {
        using var log = new LogLines();

        Assert.Equal(443, ListenerPlan.HttpsPort(Options, log, (_, _) => SocketError.AddressAlreadyInUse));
        Assert.Empty(log.Text);
    }

    [Fact]
    public void Two_addresses_cannot_share_a_port_of_the_systems_choice()
    {
        var options = Options with { Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback] };

        Assert.Throws<TransportException>(() => ListenerPlan.Check(options, 0, "--mqtt-port"));
    }

    [Fact]
    public async Task Without_addresses_the_door_answers_on_ipv4_and_ipv6()
    {
        await using var host = await DoorHost.StartAsync(o => o with { Addresses = [] });

        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var tcp = new TcpClient(address.AddressFamily);
            await tcp.ConnectAsync(address, host.Door.MqttPort!.Value, TestContext.Current.CancellationToken);
        }

        Assert.Null(host.Door.PlainMqttPort);
    }

    [Fact]
    public async Task Plain_mqtt_listens_on_loopback_only_even_when_the_rest_is_open()
    {
        await using var host = await DoorHost.StartAsync(o => o with { Addresses = [], PlainMqttPort = 0 });
        using var tcp = await host.TcpAsync(host.Door.PlainMqttPort);

        await tcp.GetStream().WriteAsync("ping"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = new byte[4];
        await tcp.GetStream().ReadExactlyAsync(answer, TestContext.Current.CancellationToken);

        Assert.Equal("ping"u8, answer);
        Assert.Null(Assert.Single(host.Handler.Connections).Peer.TlsVersion);
        Assert.Contains("mqtt without TLS on loopback", host.Log.Text, StringComparison.Ordinal);
        var listening = await File.ReadAllTextAsync("/proc/net/tcp", TestContext.Current.CancellationToken);
        Assert.Contains($"0100007F:{host.Door.PlainMqttPort:X4} 00000000:0000 0A", listening, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_ends_in_order_when_its_handler_returns()
    {
        await using var host = await DoorHost.StartAsync(serve: async c => await c.Output.WriteAsync("bye!"u8.ToArray()));
        await using var client = await host.ConnectAsync();
        var last = new byte[5];

        var length = await client.ReadAtLeastAsync(last, 5, throwOnEndOfStream: false, TestContext.Current.CancellationToken);

        Assert.Equal(4, length);
        await Eventually.TrueAsync(() => host.Door.Connections == 0);
    }

    [Fact]
    public async Task A_handler_that_throws_costs_only_its_own_connection()
    {
        await using var host = await DoorHost.StartAsync(serve: async c =>
        {
            await c.Input.ReadAsync();
            throw new InvalidOperationException("a bug");
        });
        await using var client = await host.ConnectAsync();
        await client.WriteAsync("ping"u8.ToArray(), TestContext.Current.CancellationToken);

        await Eventually.ClosedAsync(client);
        await using var next = await host.ConnectAsync();

        await Eventually.TrueAsync(() => host.Log.Text.Contains("a bug", StringComparison.Ordinal));
        Assert.Contains(LogLevel.Error.ToString(), host.Log.Text, StringComparison.Ordinal);
    }
}
