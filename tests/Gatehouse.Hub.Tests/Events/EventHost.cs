using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Hubs;
using Gatehouse.Store;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Hub.Tests.Events;

/// <summary>Event reading on a real store and a real log in a folder of their own.</summary>
internal sealed class EventHost : IAsyncDisposable
{
    internal static readonly HubName Hub = HubName.Parse("hub");

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-events-").FullName;
    private readonly ServiceProvider services;

    internal EventHost(EventOptions? options = null)
    {
        var all = new ServiceCollection();
        all.AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") });
        all.AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") });
        all.AddSingleton(options ?? new EventOptions { PartitionCount = 2, PositionPatience = TimeSpan.FromMilliseconds(20) });
        all.AddSingleton<HubLogs>();
        all.AddSingleton<ConsumerGroups>();
        all.AddSingleton<PartitionReaders>();
        services = all.BuildServiceProvider();
    }

    internal PartitionReaders Readers => services.GetRequiredService<PartitionReaders>();

    internal ConsumerGroups Groups => services.GetRequiredService<ConsumerGroups>();

    internal ISignals Signals => services.GetRequiredService<ISignals>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<EventHost> StartAsync(EventOptions? options = null)
    {
        var host = new EventHost(options);
        var database = host.services.GetRequiredService<Database>();
        await database.MigrateAsync([typeof(Database).Assembly, typeof(PartitionReaders).Assembly], Token);
        await database.WriteAsync<int>(
            async (write, cancel) =>
            {
                await HubRows.InsertAsync(write, new HubEntry(Hub, ["hub.example"]), DateTimeOffset.UtcNow, cancel);
                return 0;
            },
            Token);
        return host;
    }

    internal async Task<IEventLog> LogAsync() => await services.GetRequiredService<HubLogs>().OpenAsync(Hub, Token);

    /// <summary>Appends events whose bodies are these texts, and waits until they are durable.</summary>
    internal async Task AppendAsync(int partition, params string[] bodies)
    {
        var log = await LogAsync();
        var observer = new Countdown(bodies.Length);
        foreach (var body in bodies)
        {
            Assert.True(log.TryAppend(partition, new EventWriter(new byte[64]).Complete(), new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), observer, 0));
        }

        await observer.Done.WaitAsync(Token);
    }

    internal async Task<PartitionReader> OpenAsync(EventPosition from, long? level = null, string group = ConsumerGroup.DefaultName, int partition = 0)
    {
        var (reader, fault) = await TryOpenAsync(from, level, group, partition);
        Assert.True(reader is not null, fault?.Message);
        return reader;
    }

    internal Task<(PartitionReader? Reader, ReaderFault? Fault)> TryOpenAsync(
        EventPosition from, long? level = null, string group = ConsumerGroup.DefaultName, int partition = 0) =>
        Readers.OpenAsync(Hub, new ReaderRequest { ConsumerGroup = group, Partition = partition, From = from, OwnerLevel = level }, Token);

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private sealed class Countdown(int count) : IAppendObserver
    {
        private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int left = count;

        internal Task Done => done.Task;

        public void OnCommitted(long state)
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.TrySetResult();
            }
        }

        public void OnFailed(long state, Exception error) => done.TrySetException(error);

        public void OnBatchEnd()
        {
        }
    }
}
