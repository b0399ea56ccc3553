using System.Buffers;
using System.Text;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>What every event log must do; runs on each backend.</summary>
public abstract class EventLogSuite : IAsyncLifetime
{
    private protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero));

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>A server's streams; started twice, the second finds what the first stored.</summary>
    private protected abstract LogHost Start(LogOptions? options = null);

    [Fact]
    public async Task A_new_log_is_empty()
    {
        await using var host = Start();
        var log = await host.OpenAsync();

        Assert.Equal(4, log.PartitionCount);
        Assert.Equal(new PartitionState(0, -1, null), log.GetState(0));
        Assert.Empty(await log.ReadAsync(0, 0, 10, Token));
        Assert.Equal(0, await log.FindAsync(0, Time.GetUtcNow(), Token));
    }

    [Fact]
    public async Task Head_and_body_come_back_as_one_record_with_number_and_time()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        var observer = new RecordingObserver();

        Assert.True(log.TryAppend(1, "head"u8, Segments("bo", "", "dy"), observer, 77));
        await observer.WaitForAsync(1);

        var stored = Assert.Single(await log.ReadAsync(1, 0, 10, Token));
        Assert.Equal("headbody", Encoding.UTF8.GetString(stored.Record.Span));
        Assert.Equal((0L, Time.GetUtcNow()), (stored.SequenceNumber, stored.EnqueuedTime));
        Assert.Equal([77L], observer.Committed);
        Assert.Equal(new PartitionState(0, 0, Time.GetUtcNow()), log.GetState(1));
        Assert.Equal(-1, log.GetState(0).LastSequenceNumber);
    }

    [Fact]
    public async Task An_empty_record_is_a_record()
    {
        await using var host = Start();
        var log = await host.OpenAsync();

        await log.AppendAsync(0, ["", "a", ""]);

        Assert.Equal(["", "a", ""], await log.ReadTextsAsync(0));
    }

    [Fact]
    public async Task Numbers_have_no_gaps_and_follow_the_order_of_appends()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        var texts = LogSteps.Numbers(3_000);

        await log.AppendAsync(2, texts);

        var stored = await log.ReadAllAsync(2);
        Assert.Equal(texts, stored.Select(static each => Encoding.UTF8.GetString(each.Record.Span)));
        Assert.Equal(Enumerable.Range(0, 3_000).Select(static each => (long)each), stored.Select(static each => each.SequenceNumber));
    }

    [Fact]
    public async Task A_read_starts_in_the_middle_of_a_block_and_stops_at_its_limit()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        await log.AppendAsync(0, LogSteps.Numbers(500));

        var stored = await log.ReadAsync(0, 123, 7, Token);

        Assert.Equal(["123", "124", "125", "126", "127", "128", "129"], stored.Select(static each => Encoding.UTF8.GetString(each.Record.Span)));
        Assert.Empty(await log.ReadAsync(0, 500, 10, Token));
        Assert.Empty(await log.ReadAsync(0, 5_000, 10, Token));
        Assert.Equal(500, (await log.ReadAsync(0, -1, 1_000, Token)).Count + (await log.ReadAllAsync(0, 500)).Count);
    }

    [Fact]
    public async Task A_read_returns_no_more_bytes_than_its_limit_but_at_least_one_event()
    {
        await using var host = Start(new LogOptions { MaxReadBytes = 4096 });
        var log = await host.OpenAsync();
        await log.AppendAsync(0, [new string('a', 20_000), new string('b', 2048), new string('c', 2048), new string('d', 10)]);

        Assert.Single(await log.ReadAsync(0, 0, 100, Token));
        Assert.Equal(2, (await log.ReadAsync(0, 1, 100, Token)).Count);
    }

    [Fact]
    public async Task A_block_is_read_from_the_middle_to_its_end_and_no_further()
    {
        await using var host = Start(new LogOptions { BlockBytes = 4096 });
        var log = await host.OpenAsync();
        await log.AppendAsync(0, LogSteps.Numbers(2_000));

        var texts = new List<string>();
        var reads = 0;
        for (long next = 7; await log.ReadBlockAsync(0, next, Token) is { Count: > 0 } some; next = some[^1].SequenceNumber + 1, reads++)
        {
            Assert.Equal(next, some[0].SequenceNumber);
            Assert.True(some.Sum(static each => each.Record.Length) <= 4096, "more than a block");
            texts.AddRange(some.Select(static each => Encoding.UTF8.GetString(each.Record.Span)));
        }

        Assert.Equal(LogSteps.Numbers(1_993, 7), texts);
        Assert.True(reads > 1, "all events lay in one block");
        Assert.Empty(await log.ReadBlockAsync(0, 2_000, Token));
        Assert.Equal(0, (await log.ReadBlockAsync(0, -1, Token))[0].SequenceNumber);
    }

    [Fact]
    public async Task Records_of_many_producers_all_arrive_each_in_its_own_order()
    {
        await using var host = Start();
        var log = await host.OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(producer => Task.Run(
            () => log.AppendAsync(producer % 4, [.. Enumerable.Range(0, 500).Select(each => $"{producer}:{each}")]),
            Token)));

        for (var partition = 0; partition < 4; partition++)
        {
            var stored = await log.ReadTextsAsync(partition);
            Assert.Equal(4 * 500, stored.Count);
            foreach (var producer in stored.GroupBy(static each => each[..each.IndexOf(':')]))
            {
                Assert.Equal(LogSteps.Numbers(500), producer.Select(static each => each[(each.IndexOf(':') + 1)..]));
            }
        }
    }

    [Fact]
    public async Task Observers_are_told_in_order_and_once_at_the_end_of_each_commit()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        var observers = Enumerable.Range(0, 3).Select(static _ => new RecordingObserver()).ToArray();

        for (var i = 0; i < 900; i++)
        {
            Assert.True(log.TryAppend(i % 3, "x"u8, default, observers[i % 3], i));
        }

        for (var i = 0; i < 3; i++)
        {
            await observers[i].WaitForAsync(300);
            Assert.Equal(Enumerable.Range(0, 300).Select(each => (each * 3L) + i), observers[i].Committed);
            Assert.InRange(observers[i].Batches, 1, 300);
        }
    }

    [Fact]
    public async Task The_limit_of_pending_bytes_takes_exactly_what_fits_and_not_one_byte_more()
    {
        // Nothing commits while an observer of an earlier commit holds the thread.
        var limit = 8192;
        await using var host = Start(new LogOptions { MaxPendingBytes = limit, MaxRecordBytes = 4096 });
        var log = await host.OpenAsync();
        using var blocker = new BlockingObserver();
        Assert.True(log.TryAppend(0, new byte[100], default, blocker, 0));
        await blocker.Entered.WaitAsync(TimeSpan.FromSeconds(60), Token);
        var observer = new RecordingObserver();
        var left = limit - 104;

        Assert.True(log.TryAppend(0, new byte[4096], default, observer, 1));
        left -= 4100;
        Assert.False(log.TryAppend(1, new byte[left - 4 + 1], default, observer, 2));
        Assert.True(log.TryAppend(1, new byte[left - 4], default, observer, 3));
        Assert.False(log.TryAppend(1, [], default, observer, 4));
        var room = log.WaitForRoomAsync(Token).AsTask();
        Assert.False(room.IsCompleted);
        blocker.Release();

        await room.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await observer.WaitForAsync(2);
        Assert.Equal([1L, 3L], observer.Committed.Order());
        Assert.True(log.TryAppend(1, [], default, observer, 5));
    }

    [Fact]
    public async Task The_largest_record_is_taken_and_one_byte_more_is_an_error_of_the_caller()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        var largest = new byte[new LogOptions().MaxRecordBytes];
        Random.Shared.NextBytes(largest);
        var observer = new RecordingObserver();

        Assert.Throws<ArgumentException>(() => log.TryAppend(0, [1], new ReadOnlySequence<byte>(largest), observer, 0));
        Assert.True(log.TryAppend(0, [], new ReadOnlySequence<byte>(largest), observer, 0));
        await observer.WaitForAsync(1);

        Assert.True((await log.ReadAsync(0, 0, 1, Token))[0].Record.Span.SequenceEqual(largest));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public async Task A_partition_that_does_not_exist_is_an_error_of_the_caller(int partition)
    {
        await using var host = Start();
        var log = await host.OpenAsync();

        Assert.Throws<ArgumentOutOfRangeException>(() => log.TryAppend(partition, [], default, new RecordingObserver(), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.GetState(partition));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.ReadAsync(partition, 0, 1, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.FindAsync(partition, Time.GetUtcNow(), Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await log.WaitForEventsAsync(partition, 0, Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    public async Task A_partition_count_out_of_range_is_refused(int count)
    {
        await using var host = Start();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.OpenAsync("hub", count));
    }

    [Fact]
    public async Task Find_by_time_meets_exact_between_before_the_first_and_after_the_last()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        var start = Time.GetUtcNow();
        for (var minute = 0; minute < 40; minute++)
        {
            await log.AppendAsync(0, LogSteps.Numbers(3));
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(0, await log.FindAsync(0, start.AddDays(-400), Token));
        Assert.Equal(0, await log.FindAsync(0, start, Token));
        for (var minute = 0; minute < 39; minute++)
        {
            Assert.Equal(minute * 3, await log.FindAsync(0, start.AddMinutes(minute), Token));
            Assert.Equal((minute + 1) * 3, await log.FindAsync(0, start.AddMinutes(minute).AddTicks(1), Token));
        }

        Assert.Equal(39 * 3, await log.FindAsync(0, start.AddMinutes(39), Token));
        Assert.Equal(40 * 3, await log.FindAsync(0, start.AddMinutes(39).AddMilliseconds(1), Token));
        Assert.Equal(40 * 3, await log.FindAsync(0, DateTimeOffset.MaxValue, Token));
        Assert.Equal(0, await log.FindAsync(0, DateTimeOffset.MinValue, Token));
    }

    [Fact]
    public async Task Enqueued_time_never_falls_even_when_the_clock_does()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        await log.AppendAsync(0, "a");
        Time.AdjustTime(Time.GetUtcNow().AddHours(-2));

        await log.AppendAsync(0, "b");

        var stored = await log.ReadAllAsync(0);
        Assert.Equal(stored[0].EnqueuedTime, stored[1].EnqueuedTime);
    }

    [Fact]
    public async Task Waiting_ends_with_the_first_event_above_the_number()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        await log.AppendAsync(0, "a");

        await log.WaitForEventsAsync(0, -1, Token);
        var wait = log.WaitForEventsAsync(0, 0, Token).AsTask();
        var later = log.WaitForEventsAsync(0, 1, Token).AsTask();
        await log.AppendAsync(1, "other partition");
        Assert.False(wait.IsCompleted);
        await log.AppendAsync(0, "b");

        await wait.WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.False(later.IsCompleted);
        await log.AppendAsync(0, "c");
        await later.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4_096)]
    [InlineData(512 * 1024)]
    public async Task A_reader_that_follows_gets_every_event_once_in_order_wherever_it_comes_from(int newestBytes)
    {
        await using var host = Start(new LogOptions { NewestBytes = newestBytes });
        var log = await host.OpenAsync();
        var following = log.FollowAsync(2_000);

        for (var i = 0; i < 2_000; i += 10)
        {
            await log.AppendAsync(0, [.. Enumerable.Range(i, 10).Select(each => $"event {each}")]);
        }

        Assert.Equal(Enumerable.Range(0, 2_000).Select(each => $"event {each}"), await following.WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        await using var host = Start();
        var log = await host.OpenAsync();
        using var patience = new CancellationTokenSource();

        var wait = log.WaitForEventsAsync(0, 0, patience.Token).AsTask();
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task A_log_that_is_opened_again_goes_on_where_it_was()
    {
        var texts = LogSteps.Numbers(1_200);
        await using (var host = Start())
        {
            await (await host.OpenAsync()).AppendAsync(3, texts[..1_000]);
        }

        await using var again = Start();
        var log = await again.OpenAsync(partitions: 8);
        Assert.Equal(4, log.PartitionCount);
        Assert.Equal(new PartitionState(0, 999, Time.GetUtcNow()), log.GetState(3));
        await log.AppendAsync(3, texts[1_000..]);

        Assert.Equal(texts, await log.ReadTextsAsync(3));
        Assert.Equal(1_199, (await log.ReadAllAsync(3))[^1].SequenceNumber);
    }

    [Fact]
    public async Task Closing_commits_what_is_pending()
    {
        var observer = new RecordingObserver();
        await using (var host = Start())
        {
            var log = await host.OpenAsync();
            for (var i = 0; i < 2_000; i++)
            {
                Assert.True(log.TryAppend(i % 4, "x"u8, default, observer, i));
            }
        }

        Assert.Equal(2_000, observer.Committed.Count);
        await using var again = Start();
        var reopened = await again.OpenAsync();
        Assert.Equal([499L, 499, 499, 499], Enumerable.Range(0, 4).Select(each => reopened.GetState(each).LastSequenceNumber));
    }

    [Fact]
    public async Task A_closed_log_takes_nothing_and_says_so()
    {
        IEventLog log;
        await using (var host = Start())
        {
            log = await host.OpenAsync();
        }

        Assert.False(log.TryAppend(0, [], default, new RecordingObserver(), 0));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.WaitForRoomAsync(Token));
    }

    [Fact]
    public async Task Logs_of_two_hubs_do_not_see_each_other()
    {
        await using var host = Start();
        var one = await host.OpenAsync("one", 2);
        var two = await host.OpenAsync("two", 3);

        await one.AppendAsync(0, ["a", "b"]);
        await two.AppendAsync(0, ["c"]);

        Assert.Same(one, await host.OpenAsync("one", 2));
        Assert.Equal((2, 3), (one.PartitionCount, two.PartitionCount));
        Assert.Equal(["a", "b"], await one.ReadTextsAsync(0));
        Assert.Equal(["c"], await two.ReadTextsAsync(0));
        Assert.Equal(-1, two.GetState(1).LastSequenceNumber);
        Assert.Equal(1, await two.FindAsync(0, Time.GetUtcNow().AddSeconds(1), Token));
    }

    [Fact]
    public async Task Retention_by_time_removes_what_is_older_and_keeps_the_numbering()
    {
        await using (var host = Start(new LogOptions { Retention = TimeSpan.FromHours(2) }))
        {
            var log = await host.OpenAsync();
            for (var hour = 0; hour < 5; hour++)
            {
                await log.AppendAsync(0, LogSteps.Numbers(10, hour * 10));
                Time.Advance(TimeSpan.FromHours(1));
            }

            await host.Engine.ApplyRetentionAsync(Token);

            Assert.Equal(30, log.GetState(0).FirstSequenceNumber);
            Assert.Equal(LogSteps.Numbers(20, 30), await log.ReadTextsAsync(0));
            Assert.Equal(30, await log.FindAsync(0, DateTimeOffset.UnixEpoch, Token));
            Time.Advance(TimeSpan.FromHours(10));
            await host.Engine.ApplyRetentionAsync(Token);
            Assert.Equal((50L, 49L), (log.GetState(0).FirstSequenceNumber, log.GetState(0).LastSequenceNumber));
            Assert.Empty(await log.ReadAllAsync(0));
        }

        await using var again = Start(new LogOptions { Retention = TimeSpan.FromHours(2) });
        var reopened = await again.OpenAsync();
        Assert.Equal((50L, 49L), (reopened.GetState(0).FirstSequenceNumber, reopened.GetState(0).LastSequenceNumber));
        await reopened.AppendAsync(0, "next");
        Assert.Equal(50, Assert.Single(await reopened.ReadAllAsync(0)).SequenceNumber);
    }

    [Fact]
    public async Task Retention_by_size_keeps_at_most_the_limit()
    {
        var limit = 1 << 20;
        await using var host = Start(new LogOptions { RetentionBytes = limit });
        var log = await host.OpenAsync();
        var text = new string('x', 10_000);
        for (var i = 0; i < 15; i++)
        {
            await log.AppendAsync(0, [.. Enumerable.Repeat(text, 10)]);
        }

        await log.AppendAsync(1, [text]);
        await host.Engine.ApplyRetentionAsync(Token);

        var kept = await log.ReadAllAsync(0);
        Assert.InRange(kept.Sum(static each => (long)each.Record.Length), limit - 300_000, limit);
        Assert.Equal(149, kept[^1].SequenceNumber);
        Assert.Equal(kept[0].SequenceNumber, log.GetState(0).FirstSequenceNumber);
        Assert.Equal(0, log.GetState(1).FirstSequenceNumber);
    }

    [Fact]
    public async Task Retention_runs_by_itself()
    {
        await using var host = Start(new LogOptions { UpkeepInterval = TimeSpan.FromMinutes(1) });
        var log = await host.OpenAsync();
        await log.AppendAsync(0, "old");
        Time.Advance(TimeSpan.FromDays(2));

        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (log.GetState(0).FirstSequenceNumber == 0 && DateTime.UtcNow < deadline)
        {
            await Task.Delay(10, Token);
        }

        Assert.Equal(1, log.GetState(0).FirstSequenceNumber);
    }

    private static ReadOnlySequence<byte> Segments(params string[] parts)
    {
        var first = new Segment(Encoding.UTF8.GetBytes(parts[0]));
        var last = first;
        foreach (var part in parts[1..])
        {
            last = last.Append(Encoding.UTF8.GetBytes(part));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(byte[] bytes) => Memory = bytes;

        internal Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
