using System.Globalization;
using System.Text;
using Gatehouse.Contracts.Signals;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Events;
using Xunit;

namespace Gatehouse.Hub.Tests.Events;

public sealed class PartitionReadersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_position_starts_where_it_says()
    {
        await using var host = await EventHost.StartAsync();
        await host.AppendAsync(0, "0", "1", "2");

        Assert.Equal(["0", "1", "2"], await ReadAsync(host, new EventPosition.Earliest()));
        Assert.Equal(["0", "1", "2"], await ReadAsync(host, new EventPosition.AfterOffset(-1)));
        Assert.Equal(["2"], await ReadAsync(host, new EventPosition.AfterOffset(1)));
        Assert.Equal(["1", "2"], await ReadAsync(host, new EventPosition.FromSequenceNumber(1)));
        Assert.Equal([], await ReadAsync(host, new EventPosition.Latest()));
        Assert.Equal([], await ReadAsync(host, new EventPosition.AfterOffset(2)));
        Assert.Equal([], await ReadAsync(host, new EventPosition.FromSequenceNumber(3)));
        Assert.Equal(["0", "1", "2"], await ReadAsync(host, new EventPosition.FromTime(DateTimeOffset.UnixEpoch)));
        Assert.Equal([], await ReadAsync(host, new EventPosition.FromTime(DateTimeOffset.UtcNow.AddHours(1))));
    }

    [Fact]
    public async Task A_position_behind_the_next_event_is_refused_with_the_last_one_there_is()
    {
        await using var host = await EventHost.StartAsync();
        await host.AppendAsync(0, "0", "1");

        var (_, offset) = await host.TryOpenAsync(new EventPosition.AfterOffset(2));
        var (_, number) = await host.TryOpenAsync(new EventPosition.FromSequenceNumber(3));
        var (_, largest) = await host.TryOpenAsync(new EventPosition.AfterOffset(long.MaxValue));

        Assert.Equal(new ReaderFault(ReaderFaultKind.BehindTheEnd, "The supplied offset '2' is invalid. The last offset in the system is '1'."), offset);
        Assert.Equal(ReaderFaultKind.BehindTheEnd, number!.Kind);
        Assert.Equal(ReaderFaultKind.BehindTheEnd, largest!.Kind);
    }

    [Fact]
    public async Task A_position_whose_events_are_just_arriving_is_waited_for()
    {
        await using var host = await EventHost.StartAsync(new EventOptions { PartitionCount = 2, PositionPatience = TimeSpan.FromSeconds(10) });
        await host.AppendAsync(0, "0");

        var opening = host.OpenAsync(new EventPosition.AfterOffset(1));
        await host.AppendAsync(0, "1", "2");

        using var reader = await opening;
        Assert.Equal(["2"], Texts(await reader.ReadAsync(Token)));
    }

    [Fact]
    public async Task A_reader_at_the_end_is_woken_by_the_next_event()
    {
        await using var host = await EventHost.StartAsync();
        using var reader = await host.OpenAsync(new EventPosition.Latest());
        var woken = reader.WaitAsync();
        await host.AppendAsync(1, "other partition");
        Assert.False(woken.IsCompleted);

        await host.AppendAsync(0, "a");
        await woken.WaitAsync(TimeSpan.FromSeconds(60), Token);

        Assert.Equal(["a"], Texts(await reader.ReadAsync(Token)));
        Assert.Empty(await reader.ReadAsync(Token));
        Assert.False(reader.WaitAsync().IsCompleted);
    }

    [Fact]
    public async Task A_disposed_reader_waits_for_nothing()
    {
        await using var host = await EventHost.StartAsync();
        var reader = await host.OpenAsync(new EventPosition.Latest());
        var waiting = reader.WaitAsync();

        reader.Dispose();
        reader.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    [Fact]
    public async Task Events_of_many_commits_arrive_whole_and_in_order_block_by_block()
    {
        await using var host = await EventHost.StartAsync();
        var bodies = Enumerable.Range(0, 3_000).Select(each => each.ToString(CultureInfo.InvariantCulture)).ToArray();
        foreach (var some in bodies.Chunk(700))
        {
            await host.AppendAsync(0, some);
        }

        Assert.Equal(bodies, await ReadAsync(host, new EventPosition.Earliest()));
        Assert.Equal(bodies[1_234..], await ReadAsync(host, new EventPosition.FromSequenceNumber(1_234)));
    }

    [Fact]
    public async Task A_group_or_partition_that_is_not_there_is_refused()
    {
        await using var host = await EventHost.StartAsync();

        Assert.Equal(ReaderFaultKind.GroupNotFound, (await host.TryOpenAsync(new EventPosition.Latest(), group: "nowhere")).Fault!.Kind);
        Assert.Equal(ReaderFaultKind.PartitionNotFound, (await host.TryOpenAsync(new EventPosition.Latest(), partition: 2)).Fault!.Kind);
        Assert.Equal(ReaderFaultKind.PartitionNotFound, (await host.TryOpenAsync(new EventPosition.Latest(), partition: -1)).Fault!.Kind);
        Assert.Null(await host.Readers.GetStateAsync(EventHost.Hub, 2, Token));
        Assert.Equal(-1, (await host.Readers.GetStateAsync(EventHost.Hub, 1, Token))!.Value.LastSequenceNumber);
    }

    [Fact]
    public async Task Readers_end_when_their_group_is_deleted_and_the_others_go_on()
    {
        await using var host = await EventHost.StartAsync();
        await host.Groups.CreateAsync(EventHost.Hub, "second", "test", Token);
        using var kept = await host.OpenAsync(new EventPosition.Latest());
        using var ended = await host.OpenAsync(new EventPosition.Latest(), group: "Second");
        var (keptEnd, end) = (new TaskCompletionSource<ReaderFault>(), new TaskCompletionSource<ReaderFault>());
        kept.WhenEnded(keptEnd.SetResult);
        ended.WhenEnded(end.SetResult);

        await host.Groups.DeleteAsync(EventHost.Hub, "second", "test", Token);

        Assert.Equal(ReaderFaultKind.GroupNotFound, (await end.Task.WaitAsync(TimeSpan.FromSeconds(60), Token)).Kind);
        Assert.False(keptEnd.Task.IsCompleted);
    }

    [Fact]
    public async Task A_word_that_anything_may_have_changed_ends_only_what_is_gone()
    {
        await using var host = await EventHost.StartAsync();
        using var kept = await host.OpenAsync(new EventPosition.Latest());
        var end = new TaskCompletionSource<ReaderFault>();
        kept.WhenEnded(end.SetResult);

        await host.Signals.PublishAsync(new Signal(SignalSubjects.ConsumerGroupsChanged, EventHost.Hub.Value, ""), Token);

        await host.AppendAsync(0, "a");
        await kept.WaitAsync().WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.False(end.Task.IsCompleted);
    }

    [Fact]
    public async Task A_higher_owner_level_takes_over()
    {
        await using var host = await EventHost.StartAsync();
        using var first = await host.OpenAsync(new EventPosition.Earliest(), level: 0);
        var end = new TaskCompletionSource<ReaderFault>();
        first.WhenEnded(end.SetResult);

        using var second = await host.OpenAsync(new EventPosition.Earliest(), level: 1);

        Assert.Equal(ReaderFaultKind.Stolen, (await end.Task.WaitAsync(TimeSpan.FromSeconds(60), Token)).Kind);
        Assert.Equal(ReaderFaultKind.Stolen, (await host.TryOpenAsync(new EventPosition.Earliest(), level: 0)).Fault!.Kind);
    }

    [Fact]
    public async Task One_reader_more_than_the_hub_may_have_is_refused_until_one_leaves()
    {
        await using var host = await EventHost.StartAsync(new EventOptions { PartitionCount = 2, MaxPartitionReadersPerHub = 2 });
        var first = await host.OpenAsync(new EventPosition.Earliest());
        using var second = await host.OpenAsync(new EventPosition.Earliest());

        Assert.Equal(ReaderFaultKind.TooMany, (await host.TryOpenAsync(new EventPosition.Earliest())).Fault!.Kind);
        first.Dispose();
        using var third = await host.OpenAsync(new EventPosition.Earliest());
    }

    [Fact]
    public async Task A_refused_reader_leaves_no_trace()
    {
        await using var host = await EventHost.StartAsync(new EventOptions { PartitionCount = 2, MaxPartitionReadersPerHub = 1, PositionPatience = TimeSpan.Zero });
        await host.TryOpenAsync(new EventPosition.Earliest(), level: 9, group: "nowhere");
        await host.TryOpenAsync(new EventPosition.AfterOffset(7), level: 9);

        using var reader = await host.OpenAsync(new EventPosition.Earliest(), level: 0);
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(EventHost host, EventPosition from)
    {
        using var reader = await host.OpenAsync(from);
        var texts = new List<string>();
        while (await reader.ReadAsync(Token) is { Count: > 0 } some)
        {
            Assert.Equal(Enumerable.Range(0, some.Count).Select(each => some[0].SequenceNumber + each), some.Select(each => each.SequenceNumber));
            texts.AddRange(Texts(some));
        }

        return texts;
    }

    private static IReadOnlyList<string> Texts(IReadOnlyList<Streams.Log.StoredEvent> events) =>
        [.. events.Select(each => Encoding.UTF8.GetString(new EventReader(each.Record.Span).Body))];
}
