using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Gatehouse.Streams.Nats;

/// <summary>The one connection to NATS that log and signals share. It reconnects by itself.</summary>
internal sealed class NatsLink : IAsyncDisposable
{
    private readonly ILogger log;
    private readonly ConcurrentDictionary<string, bool> hubs = new(StringComparer.Ordinal);
    private int opened;

    internal NatsLink(NatsStreamsOptions options, ILogger<NatsLink> log)
    {
        this.log = log;
        Options = options;
        Address = NatsAddress.Parse(options.Url);
        Connection = new NatsConnection(new NatsOpts
        {
            Name = "gatehouse",
            Url = Address.Display,
            AuthOpts = options.CredentialsFile is { } file ? new NatsAuthOpts { CredsFile = file } : Address.Auth,
            TlsOpts = new NatsTlsOpts { Mode = Address.RequiresTls ? TlsMode.Require : TlsMode.Auto, CaFile = options.CaFile },

            // What this node says it has done itself already: it need not hear it again.
            Echo = false,
            ConnectTimeout = options.RequestTimeout,
            RequestTimeout = options.RequestTimeout,
            CommandTimeout = options.RequestTimeout,
            MaxReconnectRetry = -1,
            ReconnectWaitMin = TimeSpan.FromMilliseconds(50),
            ReconnectWaitMax = TimeSpan.FromSeconds(2),
        });
        JetStream = new NatsJSContext(Connection);
        Connection.ConnectionOpened += OnOpenedAsync;
        Connection.ConnectionDisconnected += OnLostAsync;
    }

    internal NatsStreamsOptions Options { get; }

    internal NatsAddress Address { get; }

    internal NatsConnection Connection { get; }

    internal NatsJSContext JetStream { get; }

    /// <summary>Hubs whose logs this node has opened.</summary>
    internal ICollection<string> Hubs => hubs.Keys;

    /// <summary>After the connection came back: what others said meanwhile was missed.</summary>
    internal event Action? Reconnected;

    internal void AddHub(string hub) => hubs[hub] = true;

    /// <exception cref="IOException">The server cannot be reached, or has no JetStream.</exception>
    internal async ValueTask ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Connection.ConnectAsync().AsTask().WaitAsync(Options.RequestTimeout * 2, cancellationToken);
        }
        catch (Exception error) when (error is NatsException or TimeoutException)
        {
            throw new IOException($"The NATS server at {Address} cannot be reached: {error.Message}", error);
        }

        if (Connection.ServerInfo is not { JetStreamAvailable: true })
        {
            throw new IOException($"The NATS server at {Address} runs without JetStream; start it with -js.");
        }
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private ValueTask OnOpenedAsync(object? sender, NatsEventArgs args)
    {
        if (Interlocked.Exchange(ref opened, 1) != 0)
        {
            log.NatsReconnected(Address.Display);
            Reconnected?.Invoke();
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask OnLostAsync(object? sender, NatsEventArgs args)
    {
        log.NatsLost(Address.Display);
        return ValueTask.CompletedTask;
    }
}
