using System.Buffers;
using System.Globalization;
using System.Text;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Streams.Suite;

/// <summary>The streams of one server, as the server would register them, on a fresh or a present store.</summary>
internal sealed class LogHost(ServiceProvider services) : IAsyncDisposable
{
    internal IEventLogs Logs => services.GetRequiredService<IEventLogs>();

    internal EventLogs Engine => (EventLogs)Logs;

    internal T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    internal async Task<IEventLog> OpenAsync(string hub = "hub", int partitions = 4) =>
        await Logs.OpenAsync(hub, partitions, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => services.DisposeAsync();
}

/// <summary>Short ways to append and read text.</summary>
internal static class LogSteps
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Appends one text record and waits until it is durable.</summary>
    internal static Task AppendAsync(this IEventLog log, int partition, string text) => log.AppendAsync(partition, [text]);

    /// <summary>Appends text records back to back and waits until all are durable.</summary>
    internal static async Task AppendAsync(this IEventLog log, int partition, IReadOnlyList<string> texts)
    {
        var observer = new RecordingObserver();
        for (var i = 0; i < texts.Count; i++)
        {
            while (!log.TryAppend(partition, [], new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(texts[i])), observer, i))
            {
                await log.WaitForRoomAsync(Token);
            }
        }

        await observer.WaitForAsync(texts.Count);
        Assert.Empty(observer.Failures);
    }

    internal static async Task<IReadOnlyList<string>> ReadTextsAsync(this IEventLog log, int partition, long from = 0) =>
        [.. (await log.ReadAllAsync(partition, from)).Select(static each => Encoding.UTF8.GetString(each.Record.Span))];

    internal static async Task<IReadOnlyList<StoredEvent>> ReadAllAsync(this IEventLog log, int partition, long from = 0)
    {
        var all = new List<StoredEvent>();
        while (await log.ReadAsync(partition, from, 10_000, Token) is { Count: > 0 } some)
        {
            all.AddRange(some);
            from = some[^1].SequenceNumber + 1;
        }

        return all;
    }

    /// <summary>Follows partition 0 from its beginning as a reader does, until it has read so many texts; numbers must have no gap.</summary>
    internal static async Task<IReadOnlyList<string>> FollowAsync(this IEventLog log, int count)
    {
        List<string> seen = [];
        while (seen.Count < count)
        {
            await log.WaitForEventsAsync(0, seen.Count - 1, Token);

            // Now and then it lags, so that its block is no longer among the newest.
            await Task.Delay(seen.Count % 7 == 0 ? 5 : 0, Token);
            foreach (var stored in await log.ReadBlockAsync(0, seen.Count, Token))
            {
                Assert.Equal(seen.Count, stored.SequenceNumber);
                seen.Add(Encoding.UTF8.GetString(stored.Record.Span));
            }
        }

        return seen;
    }

    internal static string[] Numbers(int count, int from = 0) => [.. Enumerable.Range(from, count).Select(static each => each.ToString(CultureInfo.InvariantCulture))];
}
