using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub;
using Gatehouse.Hub.Events;
using Gatehouse.Hub.Hubs;
using Gatehouse.Identity;
using Gatehouse.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Sqlite;
using Gatehouse.Streams;
using Gatehouse.Streams.Log;
using Gatehouse.Transport.Amqp;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>The AMQP engine with the service plane's doors on a real store and log, on a loopback port; the clients are AMQPNetLite's.</summary>
public sealed class EventEndpoint : IAsyncLifetime
{
    internal static readonly HubName Entity = HubName.Parse("gatehouse");

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-amqp-").FullName;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private SecretVault? vault;
    private ServiceProvider? services;

    internal OpenProofs Proofs { get; } = new();

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    internal T Get<T>()
        where T : notnull => services!.GetRequiredService<T>();

    internal ConsumerGroups Groups => services!.GetRequiredService<ConsumerGroups>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        vault = SecretVault.Open(Path.Combine(folder, "keys"));
        services = new ServiceCollection()
            .AddSingleton(vault)
            .AddLogging()
            .AddStore(new(), new())
            .AddSqliteStore(new SqliteOptions { Path = Path.Combine(folder, "store.db") })
            .AddStreams(new StreamsOptions { Directory = Path.Combine(folder, "streams") })
            .AddSingleton<IPeerProofSource>(Proofs)
            .AddIdentity(new IdentityOptions())
            .AddHub(new HubOptions { Events = new EventOptions { PartitionCount = 2, MaxConsumerGroups = 1_000, PositionPatience = TimeSpan.FromMilliseconds(50) } })
            .AddServiceApi(new ServiceApiOptions { AmqpPort = 1234 })
            .AddAmqp(new AmqpOptions())
            .BuildServiceProvider();
        await services.GetRequiredService<Database>().MigrateAsync([typeof(Database).Assembly, typeof(HubSetup).Assembly], Token);
        await services.GetRequiredService<HubStartup>().StartAsync(Token);
        listener.Start();
        _ = AcceptAsync(services.GetRequiredService<AmqpHandler>());
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await services!.DisposeAsync();
        vault!.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    internal async Task<Connection> ConnectAsync() =>
        await new ConnectionFactory().CreateAsync(new Address("localhost", Port, null, null, "/", "amqp"), new Open { ContainerId = "test", HostName = "localhost" }, null);

    /// <summary>Attaches a receiver, without credit.</summary>
    internal static ReceiverLink Attach(Session session, string address, string? selector = null, Action<Attach>? change = null, string? name = null, OnAttached? attached = null)
    {
        var source = new Source { Address = address };
        if (selector is not null)
        {
            source.FilterSet = new Map { [new Symbol("apache.org:selector-filter:string")] = new DescribedValue(0x468C00000004UL, selector) };
        }

        var attach = new Attach { Source = source, Target = new Target(), Role = true };
        change?.Invoke(attach);
        return new ReceiverLink(session, name ?? $"{Guid.NewGuid():N}", attach, attached);
    }

    internal static string Partition(int partition, string group = "$Default") => $"{Entity}/ConsumerGroups/{group}/Partitions/{partition}";

    /// <summary>Takes this many bodies; credit is given for exactly them.</summary>
    internal static async Task<IReadOnlyList<string>> TakeAsync(ReceiverLink link, int count)
    {
        link.SetCredit(count, CreditMode.Manual);
        var bodies = new List<string>();
        while (bodies.Count < count)
        {
            var message = await link.ReceiveAsync(TimeSpan.FromSeconds(60)) ?? throw new TimeoutException($"{bodies.Count} of {count} events came");
            bodies.Add(Encoding.UTF8.GetString(message.GetBody<byte[]>()));
            link.Accept(message);
        }

        return bodies;
    }

    /// <summary>The error with which the server detaches the link.</summary>
    internal static async Task<Error> DetachedAsync(Link link)
    {
        var closed = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        link.AddClosedCallback((_, error) => closed.TrySetResult(error));
        return await closed.Task.WaitAsync(TimeSpan.FromSeconds(60), Token) ?? throw new InvalidOperationException("The link was closed without an error.");
    }

    /// <summary>Appends events and waits until they are durable; returns the sequence number of the first.</summary>
    internal async Task<long> AppendAsync(int partition, params string[] bodies)
    {
        var log = await services!.GetRequiredService<HubLogs>().OpenAsync(Entity, Token);
        var first = log.GetState(partition).LastSequenceNumber + 1;
        var observer = new Countdown(bodies.Length);
        foreach (var body in bodies)
        {
            while (!log.TryAppend(partition, Head(), new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), observer, 0))
            {
                await log.WaitForRoomAsync(Token);
            }
        }

        await observer.Done.WaitAsync(Token);
        return first;
    }

    private static byte[] Head()
    {
        var writer = new EventWriter(new byte[256]);
        writer.TryAdd(EventField.ConnectionDeviceId, "dev"u8);
        writer.TryAddApplication("a"u8, "b"u8);
        return writer.Complete().ToArray();
    }

    private async Task AcceptAsync(AmqpHandler handler)
    {
        try
        {
            while (true)
            {
                var connection = new SocketConnection(await listener.AcceptSocketAsync());
                _ = RunAsync(handler, connection);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The listener was stopped: the test is over.
        }
    }

    private static async Task RunAsync(AmqpHandler handler, SocketConnection connection)
    {
        try
        {
            await handler.RunAsync(connection);
        }
        finally
        {
            connection.Abort("over");
        }
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
