using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Server.Tests.Amqp;

/// <summary>Hostile peers, before and after they proved something: the server's memory stays where it was and other clients are served.</summary>
public sealed class AmqpAbuseTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Attackers = 3;
    private const long AllowedGrowthBytes = 64L * 1024 * 1024;
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static int attacks;

    public static TheoryData<string> Attacks => [.. Attack.All.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Before_anything_is_proved(string attack) => AttackAsync(Attack.All[attack], token: null);

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task After_a_token_was_taken(string attack) => AttackAsync(Attack.All[attack], server.Token());

    [Fact]
    public async Task Whoever_sends_a_header_byte_by_byte_or_nothing_is_cut_in_time()
    {
        await using var strict = new RunningServerScope();
        await strict.Server.StartAsync("--authentication-timeout", "2s");
        var port = strict.Server.Port("amqp");
        var silent = new List<AmqpClient>();
        for (var i = 0; i < 20; i++)
        {
            silent.Add(await AmqpClient.ConnectAsync(port));
        }

        await using var slow = await AmqpClient.ConnectAsync(port);
        var started = Stopwatch.StartNew();
        var cut = false;
        for (var i = 0; i < 60 && !cut; i++)
        {
            try
            {
                await slow.SendAsync(ProtocolHeader.Amqp.ToArray().AsMemory(Math.Min(i, 6), 1));
                await Task.Delay(250, TestContext.Current.CancellationToken);
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                cut = true;
            }
        }

        Assert.True(cut, "a slow header was never cut");
        Assert.True(started.Elapsed < Patience, $"cut after {started.Elapsed}");
        foreach (var client in silent)
        {
            await ClosedAsync(client);
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("a header of another protocol", "GET / HTTP/1.1\r\n\r\n")]
    [InlineData("SASL and then nothing sensible", "AMQP\u0003\u0001\0\0\0\0\0\u0010\u0002\u0001\0\0xxxxxxxx")]
    [InlineData("a giant SASL frame", "AMQP\u0003\u0001\0\0\u007f\0\0\0\u0002\u0001\0\0")]
    public async Task Nonsense_at_the_start_is_closed_and_others_are_served(string what, string bytes)
    {
        Assert.NotEmpty(what);
        await using var client = await AmqpClient.ConnectAsync(server.Port("amqp"));

        await client.SendAsync(System.Text.Encoding.Latin1.GetBytes(bytes));

        await ClosedAsync(client);
        await CheckServedAsync();
    }

    private async Task AttackAsync(Attack attack, string? token)
    {
        await CheckServedAsync();
        await using var bystander = await AmqpClient.ConnectAsync(server.Port("amqp"));
        await bystander.OpenAsync();
        Assert.Equal(200, await bystander.PutTokenAsync(server.Token()));
        var before = ResidentBytes();
        var highest = before;
        using var over = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                highest = Math.Max(highest, ResidentBytes());
                await Task.Delay(20, CancellationToken.None);
            }
        });

        // From an address of its own: refusals put an address off, which is not what is tried here.
        var from = new IPAddress([127, 66, 0, (byte)Interlocked.Increment(ref attacks)]);
        await Task.WhenAll(Enumerable.Range(0, Attackers).Select(_ => Task.Run(() => RunAsync(attack, token, from))));
        var patience = Stopwatch.StartNew();
        Assert.Equal(200, await bystander.PutTokenAsync(server.Token(), deliveryId: 1).WaitAsync(Patience, TestContext.Current.CancellationToken));
        await CheckServedAsync();
        await over.CancelAsync();
        await watching;

        TestContext.Current.TestOutputHelper?.WriteLine($"{attack.Name} grew by {(highest - before) / 1024} KiB from {before / 1024} KiB");
        Assert.True(patience.Elapsed < Patience, $"others waited {patience.Elapsed}");
        Assert.True(highest - before < AllowedGrowthBytes, $"grew by {(highest - before) / 1024 / 1024} MiB");
    }

    /// <summary>Attacks until the time is over, on a new connection whenever the last one was cut.</summary>
    private async Task RunAsync(Attack attack, string? token, IPAddress from)
    {
        var started = Stopwatch.StartNew();
        while (started.Elapsed < Duration)
        {
            try
            {
                await using var client = await AmqpClient.ConnectAsync(server.Port("amqp"), from);
                await client.OpenAsync();
                if (token is not null && await client.PutTokenAsync(token) != 200)
                {
                    // The address has shown so many bad tokens that it is put off.
                    return;
                }

                await SendAsync(client, attack, token is null ? 0u : 1u, started);
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                // Cut, as it should be; or its writes were left unread until the time was over.
            }
        }
    }

    private static async Task SendAsync(AmqpClient client, Attack attack, uint number, Stopwatch started)
    {
        using var patience = new CancellationTokenSource(Duration * 2);
        var frames = new AmqpBuffer();
        attack.Once(frames);
        await client.Stream.WriteAsync(frames.Written.ToArray(), patience.Token);
        while (attack.Again is not null && started.Elapsed < Duration)
        {
            frames.Clear();
            while (frames.Length < 16 * 1024)
            {
                attack.Again(frames, number++);
            }

            await client.Stream.WriteAsync(frames.Written.ToArray(), patience.Token);
        }
    }

    private async Task CheckServedAsync()
    {
        Assert.False(server.Child.HasExited, "the server has died");
        await using var client = await AmqpClient.ConnectAsync(server.Port("amqp"));
        await client.OpenAsync();
        Assert.Equal(200, await client.PutTokenAsync(server.Token()));
    }

    private static async Task ClosedAsync(AmqpClient client)
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[4_096];
        try
        {
            while (await client.Stream.ReadAsync(buffer, patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is a close too.
        }
    }

    private long ResidentBytes()
    {
        var line = File.ReadLines($"/proc/{server.Child.Id}/status").First(each => each.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }

    private sealed class RunningServerScope : IAsyncDisposable
    {
        internal RunningServer Server { get; } = new();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
