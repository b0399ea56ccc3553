using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Store.Suite;

public sealed class UpkeepTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_round_comes_with_each_interval_and_with_the_start_where_that_is_wanted(bool isAtOnce)
    {
        var time = new Clock();
        using var upkeep = new Counting(time, isAtOnce);
        await upkeep.StartAsync(Token);
        await time.Ticks.WaitAsync(Token);
        if (isAtOnce)
        {
            await upkeep.Rounds.WaitAsync(Token);
        }

        for (var round = 0; round < 3; round++)
        {
            time.Advance(Second);
            await upkeep.Rounds.WaitAsync(Token);
        }

        await upkeep.StopAsync(Token);
        Assert.Equal((isAtOnce ? 4 : 3, 0), (upkeep.Count, upkeep.Told));
    }

    [Fact]
    public async Task What_fails_is_told_and_tried_again_also_what_was_cancelled_by_a_time_out_of_its_own()
    {
        var time = new Clock();
        using var upkeep = new Counting(time, isAtOnce: true);
        foreach (var error in new Exception?[] { new IOException(), new TaskCanceledException(), null })
        {
            upkeep.Errors.Enqueue(error);
        }

        await upkeep.StartAsync(Token);
        await upkeep.Rounds.WaitAsync(Token);
        for (var round = 0; round < 2; round++)
        {
            time.Advance(Second);
            await upkeep.Rounds.WaitAsync(Token);
        }

        await upkeep.StopAsync(Token);
        Assert.Equal((3, 2), (upkeep.Count, upkeep.Told));
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_a_round_is_no_failure()
    {
        using var upkeep = new Counting(new Clock(), isAtOnce: true) { IsEndless = true };
        await upkeep.StartAsync(Token);
        await upkeep.Rounds.WaitAsync(Token);

        await upkeep.StopAsync(Token);

        Assert.True(upkeep.ExecuteTask!.IsCompletedSuccessfully);
        Assert.Equal((1, 0), (upkeep.Count, upkeep.Told));
    }

    /// <summary>Tells when it ticks for somebody: what passes before is no interval.</summary>
    private sealed class Clock : FakeTimeProvider
    {
        internal SemaphoreSlim Ticks { get; } = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Ticks.Release();
            return timer;
        }
    }

    private sealed class Counting(TimeProvider time, bool isAtOnce) : Upkeep(Second, time, isAtOnce)
    {
        internal SemaphoreSlim Rounds { get; } = new(0);

        internal Queue<Exception?> Errors { get; } = [];

        internal bool IsEndless { get; init; }

        internal int Count { get; private set; }

        internal int Told { get; private set; }

        public override async Task RunAsync(CancellationToken cancellationToken)
        {
            Count++;
            Rounds.Release();
            if (IsEndless)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            if (Errors.TryDequeue(out var error) && error is not null)
            {
                throw error;
            }
        }

        protected override void TellFailed(Exception error) => Told++;
    }
}
