using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Store.Suite;

public sealed class WriteBehindTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_is_written_every_five_seconds_and_the_rest_at_the_stop()
    {
        var time = new FakeTimeProvider();
        using var writer = new Writer(time);
        await writer.StartAsync(Token);
        await writer.PassAsync(4 * Second);
        Assert.Equal(0, writer.Written);

        await writer.PassAsync(Second);
        Assert.Equal(1, writer.Written);
        await writer.PassAsync(4 * Second);
        Assert.Equal(1, writer.Written);

        await writer.StopAsync(Token);
        Assert.Equal(2, writer.Written);
    }

    [Fact]
    public async Task When_much_waits_it_is_written_at_the_next_look()
    {
        var time = new FakeTimeProvider();
        using var writer = new Writer(time) { Waits = true };
        await writer.StartAsync(Token);
        await writer.PassAsync(Second);
        Assert.Equal(1, writer.Written);
        await writer.StopAsync(Token);
    }

    [Fact]
    public async Task What_could_not_be_written_is_told_and_tried_again_and_whoever_asks_for_it_hears_of_it()
    {
        var time = new FakeTimeProvider();
        using var writer = new Writer(time) { Fails = true };
        await writer.StartAsync(Token);
        await writer.PassAsync(5 * Second);
        Assert.Equal((0, 1), (writer.Written, writer.Told));
        await Assert.ThrowsAsync<IOException>(() => writer.FlushAsync(Token));

        writer.Fails = false;
        await writer.PassAsync(5 * Second);
        Assert.Equal((1, 1), (writer.Written, writer.Told));
        await writer.StopAsync(Token);
    }

    private sealed class Writer(FakeTimeProvider time) : WriteBehind(time)
    {
        private readonly TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int looks;

        internal bool Waits { get; init; }

        internal bool Fails { get; set; }

        internal int Written { get; private set; }

        internal int Told { get; private set; }

        protected override bool IsMuch
        {
            get
            {
                Interlocked.Increment(ref looks);
                return Waits;
            }
        }

        /// <summary>Second by second; each ends when the look of that second is over.</summary>
        internal async Task PassAsync(TimeSpan span)
        {
            await began.Task.WaitAsync(Token);
            for (var left = span; left > TimeSpan.Zero; left -= Second)
            {
                var before = Volatile.Read(ref looks);
                time.Advance(Second);
                for (var tries = 0; Volatile.Read(ref looks) == before; tries++)
                {
                    Assert.True(tries < 6_000, "no look came within a minute");
                    await Task.Delay(10, Token);
                }
            }

            // A flush waits for one that runs.
            await Task.Delay(50, Token);
        }

        protected override Task TidyAsync(CancellationToken cancellationToken)
        {
            began.SetResult();
            return Task.CompletedTask;
        }

        protected override Task WriteAsync(CancellationToken cancellationToken)
        {
            if (Fails)
            {
                throw new IOException("away");
            }

            Written++;
            return Task.CompletedTask;
        }

        protected override void TellNotWritten(Exception error) => Told++;
    }
}
