using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hub.Twins;

/// <summary>Who in this process waits for changes of desired properties. One signal subscription for all; what was missed is read again, one twin after the other.</summary>
internal sealed class DesiredWatches : IAsyncDisposable
{
    private static readonly TimeSpan ReadDelay = TimeSpan.FromMilliseconds(250);

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<(string Hub, string Key), ImmutableArray<DesiredWatch>> watches = new();
    private readonly Channel<DesiredWatch> doubtful = Channel.CreateUnbounded<DesiredWatch>(); // each watch is in it at most once
    private readonly CancellationTokenSource stopping = new();
    private readonly IDisposable subscription;
    private readonly Task reading;

    internal DesiredWatches(Database database, ISignals signals, TimeProvider time, ILogger log)
    {
        (this.database, this.time, this.log) = (database, time, log);
        subscription = signals.Subscribe(SignalSubjects.DesiredChanged, OnSignal);
        reading = Task.Run(ReadDoubtfulAsync);
    }

    internal IDisposable Add(HubName hub, IdentityKey key, Action<DesiredChange> told)
    {
        var watch = new DesiredWatch(hub, key, told, soon => doubtful.Writer.TryWrite(soon));
        watches.AddOrUpdate((hub.Value, key.ToString()), static (_, added) => [added], static (_, present, added) => present.Add(added), watch);
        return new Subscription(this, watch);
    }

    public async ValueTask DisposeAsync()
    {
        subscription.Dispose();
        await stopping.CancelAsync();
        await reading;
        stopping.Dispose();
    }

    private void OnSignal(Signal signal)
    {
        if (signal.Key.Length == 0)
        {
            DoubtAll(signal.Hub);
        }
        else if (watches.TryGetValue((signal.Hub, signal.Key), out var watching) && DesiredSignal.TryDecode(signal.Payload, out var change))
        {
            foreach (var watch in watching)
            {
                watch.Hear(change);
            }
        }
    }

    private void DoubtAll(string hub)
    {
        foreach (var (place, watching) in watches)
        {
            if (place.Hub == hub)
            {
                foreach (var watch in watching)
                {
                    watch.Doubt();
                }
            }
        }
    }

    private async Task ReadDoubtfulAsync()
    {
        try
        {
            while (await doubtful.Reader.WaitToReadAsync(stopping.Token))
            {
                // What only crossed on its way arrives in this time.
                await Task.Delay(ReadDelay, time, stopping.Token);
                for (var count = doubtful.Reader.Count; count > 0 && doubtful.Reader.TryRead(out var watch); count--)
                {
                    await ReadAsync(watch);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private async Task ReadAsync(DesiredWatch watch)
    {
        try
        {
            var row = await database.ReadAsync((connection, token) => TwinRows.FindPropertiesAsync(connection, watch.Hub, watch.Key, token), stopping.Token);
            watch.Catch(row is null ? null : new DesiredChange(row.DesiredVersion, TwinText.Versioned(Encoding.UTF8.GetBytes(row.Desired), row.DesiredVersion)));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            log.DesiredNotRead(error);
            doubtful.Writer.TryWrite(watch);
        }
    }

    private void Remove(DesiredWatch watch)
    {
        watch.End();
        var place = (watch.Hub.Value, watch.Key.ToString());
        while (watches.TryGetValue(place, out var present))
        {
            var left = present.Remove(watch);
            if (left.IsEmpty ? watches.TryRemove(KeyValuePair.Create(place, present)) : watches.TryUpdate(place, left, present))
            {
                return;
            }
        }
    }

    private sealed class Subscription(DesiredWatches owner, DesiredWatch watch) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
            {
                owner.Remove(watch);
            }
        }
    }
}
