using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Transport.Tests;

public sealed class DrainTests
{
    [Fact]
    public async Task A_stop_lets_handlers_finish_what_they_have()
    {
        await using var host = await DoorHost.StartAsync(o => o with { DrainTimeout = TimeSpan.FromSeconds(10) }, serve: FinishAsync);
        await using var client = await host.ConnectAsync();
        await Eventually.TrueAsync(() => host.Handler.Connections.Count == 1);

        var stopping = host.StopAsync();
        var last = new byte[4];
        await client.ReadExactlyAsync(last, TestContext.Current.CancellationToken);
        var end = await client.ReadAsync(last, TestContext.Current.CancellationToken);
        await stopping;

        Assert.Equal("done"u8, last);
        Assert.Equal(0, end);
    }

    [Fact]
    public async Task A_stop_accepts_nobody_more_and_cuts_who_stays()
    {
        await using var host = await DoorHost.StartAsync(serve: c => Handler.StayAsync(c));
        using var meters = new Meters(host.Get<IMeterFactory>());
        await using var client = await host.ConnectAsync();
        await Eventually.TrueAsync(() => host.Handler.Connections.Count == 1);
        var port = host.Door.MqttPort!.Value;

        var stopping = host.StopAsync();
        await Eventually.ClosedAsync(client);

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var late = new TcpClient();
            await late.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
            await Eventually.ClosedAsync(late.GetStream());
            throw new IOException("accepted by a socket that had not closed yet, and closed at once");
        });
        Assert.Equal(1, meters["connections.aborted drain"]);
        _ = stopping;
    }

    private static async Task FinishAsync(ClientConnection connection)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (connection.Draining.Register(stop.SetResult))
        {
            await stop.Task;
        }

        await connection.Output.WriteAsync("done"u8.ToArray());
    }
}
