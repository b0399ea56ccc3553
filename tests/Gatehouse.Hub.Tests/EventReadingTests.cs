using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Streams.Log;
using Xunit;

namespace Gatehouse.Hub.Tests;

/// <summary>Events read by sequence number, offset and time, filtered, and by consumer group.</summary>
public sealed class EventReadingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_position_starts_where_it_says()
    {
        await using var hub = await HubHost.StartAsync();
        var begun = hub.Time.GetUtcNow();
        foreach (var text in new[] { "a", "b", "c" })
        {
            await SendAsync(hub, "d1", text);
            hub.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var partition = TelemetryIntake.PartitionOf(HubHost.Key("d1").Device, 4);
        Task<string> Read(EventPosition from, int count) => ReadAsync(hub, new EventQuery { Partition = partition, From = from }, count);

        Assert.Equal("abc", await Read(new EventPosition.Earliest(), 3));
        Assert.Equal("bc", await Read(new EventPosition.FromSequenceNumber(1), 2));
        Assert.Equal("c", await Read(new EventPosition.AfterOffset(1), 1));
        Assert.Equal("abc", await Read(new EventPosition.AfterOffset(-1), 3));
        Assert.Equal("bc", await Read(new EventPosition.FromTime(begun.AddSeconds(30)), 2));
        Assert.Equal("abc", await Read(new EventPosition.FromTime(begun), 3));
        var latest = Read(new EventPosition.Latest(), 1);
        await Task.Delay(100, Token);
        Assert.False(latest.IsCompleted);
        await SendAsync(hub, "d1", "d");
        Assert.Equal("d", await latest);
    }

    [Fact]
    public async Task A_filter_passes_only_its_device_and_stamps_come_back()
    {
        await using var hub = await HubHost.StartAsync();
        await SendAsync(hub, "d1", "a");
        await SendAsync(hub, "d2", "b");
        await SendAsync(hub, "d1/m1", "c");

        Assert.Equal("b", await ReadAsync(hub, new EventQuery { From = new EventPosition.Earliest(), Device = HubHost.Key("d2").Device }, 1));
        Assert.Equal("ac", await ReadAsync(hub, new EventQuery { From = new EventPosition.Earliest(), Device = HubHost.Key("d1").Device }, 2));
        Assert.Equal("c", await ReadAsync(hub, new EventQuery { From = new EventPosition.Earliest(), Device = HubHost.Key("d1").Device, Module = HubHost.Key("d1/m1").Module }, 1));
    }

    [Theory]
    [InlineData(4, null, "ArgumentInvalid")]
    [InlineData(3, null, null)]
    [InlineData(null, "none", "GenericNotFound")]
    [InlineData(null, "$DEFAULT", null)]
    public async Task A_query_for_what_is_not_there_is_refused(int? partition, string? group, string? error)
    {
        await using var hub = await HubHost.StartAsync();

        var opened = await hub.Get<EventStreams>().OpenAsync(hub.Hub, new EventQuery { Partition = partition, ConsumerGroup = group ?? ConsumerGroup.DefaultName }, Token);

        Assert.Equal(error, opened.Error?.Name);
        if (opened.IsOk)
        {
            opened.Value.Dispose();
        }
    }

    [Fact]
    public async Task Readers_up_to_the_limit_and_not_one_more_and_a_place_that_is_given_back_counts_once()
    {
        await using var hub = await HubHost.StartAsync(new HubOptions { Events = new EventOptions { MaxReadersPerHub = 2 } });
        var streams = hub.Get<EventStreams>();
        var first = (await streams.OpenAsync(hub.Hub, new EventQuery(), Token)).Value;
        using var second = (await streams.OpenAsync(hub.Hub, new EventQuery(), Token)).Value;

        Assert.Equal("ThrottlingException", (await streams.OpenAsync(hub.Hub, new EventQuery(), Token)).Error?.Name);
        first.Dispose();
        first.Dispose();
        using var third = (await streams.OpenAsync(hub.Hub, new EventQuery(), Token)).Value;
        Assert.Equal("ThrottlingException", (await streams.OpenAsync(hub.Hub, new EventQuery(), Token)).Error?.Name);
    }

    [Fact]
    public async Task Groups_up_to_the_limit_and_not_one_more_by_names_of_the_documented_letters()
    {
        await using var hub = await HubHost.StartAsync(new HubOptions { Events = new EventOptions { MaxConsumerGroups = 2 } });
        var groups = hub.Get<ConsumerGroups>();

        async Task<string?> Create(string name) => (await groups.CreateAsync(hub.Hub, name, HubHost.Actor, Token)).Error?.Name;

        Assert.Null(await Create(new string('g', 50)));
        Assert.Equal("ArgumentInvalid", await Create(new string('g', 51)));
        Assert.All(["", "-a", "a-", "a b", "ä", "a/b"], name => Assert.Equal("ArgumentInvalid", Create(name).GetAwaiter().GetResult()));
        Assert.Null(await Create("second"));
        Assert.Null(await Create("SECOND"));
        Assert.Equal("GenericConflict", await Create("third"));
        Assert.Equal("InvalidOperation", (await groups.DeleteAsync(hub.Hub, "$default", HubHost.Actor, Token)).Error?.Name);
        Assert.Null(await groups.FindAsync(hub.Hub, "a\0b", Token));
        Assert.Equal(3, (await groups.ListAsync(hub.Hub, Token)).Count);
    }

    [Fact]
    public async Task Deleting_a_group_ends_its_readers_at_once_and_no_others()
    {
        await using var hub = await HubHost.StartAsync();
        var groups = hub.Get<ConsumerGroups>();
        await groups.CreateAsync(hub.Hub, "mine", HubHost.Actor, Token);
        var mine = ReadAsync(hub, new EventQuery { ConsumerGroup = "mine" }, 1);
        var others = ReadAsync(hub, new EventQuery { From = new EventPosition.Earliest() }, 1);

        await groups.DeleteAsync(hub.Hub, "MINE", HubHost.Actor, Token);

        Assert.Equal("", await mine.WaitAsync(TimeSpan.FromSeconds(60), Token));
        await SendAsync(hub, "d1", "x");
        Assert.Equal("x", await others.WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    private static async Task<string> ReadAsync(HubHost hub, EventQuery query, int count)
    {
        using var stream = (await hub.Get<EventStreams>().OpenAsync(hub.Hub, query, Token)).Value;
        var text = new StringBuilder();
        await foreach (var batch in stream.ReadAsync(Token))
        {
            foreach (var each in batch)
            {
                text.Append(Encoding.UTF8.GetString(each.Body.Span));
                if (--count == 0)
                {
                    return text.ToString();
                }
            }
        }

        return text.ToString();
    }

    private static async Task SendAsync(HubHost hub, string key, string body)
    {
        var identity = HubHost.Key(key);
        var channel = await hub.Get<TelemetryIntake>().OpenAsync(hub.Hub, identity, Token);
        var stored = new Committed();
        Assert.Equal(TelemetryOutcome.Queued, Append(channel, identity, body, stored));
        await stored.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    private static TelemetryOutcome Append(TelemetryChannel channel, Contracts.Identities.IdentityKey identity, string body, Committed stored)
    {
        var writer = new EventWriter(new byte[512]);
        writer.TryAddEncoded(EventWriter.EncodeFields((EventField.ConnectionDeviceId, identity.Device.Value), (EventField.ConnectionModuleId, identity.Module?.Value)));
        return channel.TryAppend(writer.Complete(), new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), stored, 0, out _);
    }

    private sealed class Committed : IAppendObserver
    {
        private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Task => done.Task;

        public void OnCommitted(long state) => done.TrySetResult();

        public void OnFailed(long state, Exception error) => done.TrySetException(error);

        public void OnBatchEnd()
        {
        }
    }
}
