using System.Text;
using System.Threading.Channels;
using Gatehouse.Contracts.Signals;
using Gatehouse.Streams.Signals;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Gatehouse.Streams.Nats.Signals;

/// <summary>Signals between nodes over NATS. This node's own handlers hear at once, connection or not; the others when the message arrives.</summary>
/// <remarks>While the connection is away signals of others are missed. When it is back, every handler is told once per hub that everything may have changed (empty key).</remarks>
internal sealed class NatsSignals : ISignals, IAsyncDisposable
{
    internal const string Subject = "gatehouse.signals";
    private const int MostWaiting = 4096;
    private const byte Separator = (byte)'\n';

    private readonly NatsLink link;
    private readonly ILogger log;
    private readonly SignalHandlers handlers;
    private readonly Channel<Signal> outgoing = Channel.CreateBounded<Signal>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly CancellationTokenSource stopping = new();
    private readonly NatsListener listener;
    private readonly Task sending;

    public NatsSignals(NatsLink link, ILogger<NatsSignals> log)
    {
        (this.link, this.log) = (link, log);
        handlers = new SignalHandlers(log);
        link.Reconnected += OnReconnected;
        listener = new NatsListener(link, Subject, OnHeard, log);
        sending = SendAsync();
    }

    public bool ReachesOthers => true;

    public ValueTask PublishAsync(Signal signal, CancellationToken cancellationToken)
    {
        handlers.Tell(signal);
        if (!outgoing.Writer.TryWrite(signal))
        {
            log.SignalDropped(signal.Subject);
        }

        return ValueTask.CompletedTask;
    }

    public IDisposable Subscribe(string subject, Action<Signal> handler) => handlers.Add(subject, handler);

    public async ValueTask DisposeAsync()
    {
        link.Reconnected -= OnReconnected;
        outgoing.Writer.TryComplete();
        await Task.WhenAny(sending, Task.Delay(link.Options.RequestTimeout));
        await stopping.CancelAsync();
        await sending;
        await listener.DisposeAsync();
        stopping.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var signal in outgoing.Reader.ReadAllAsync(stopping.Token))
            {
                await SendAsync(signal);
            }
        }
        catch (OperationCanceledException)
        {
            // Closing, and the connection did not come back in time.
        }
    }

    private async Task SendAsync(Signal signal)
    {
        var payload = Encode(signal);
        while (true)
        {
            try
            {
                await link.Connection.PublishAsync(Subject, payload, serializer: NatsRawSerializer<byte[]>.Default, cancellationToken: stopping.Token);
                return;
            }
            catch (Exception error) when (error is NatsException or TimeoutException or IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), stopping.Token);
            }
        }
    }

    private void OnHeard(NatsMsg<byte[]> message)
    {
        if (TryDecode(message.Data ?? [], out var signal))
        {
            handlers.Tell(signal);
        }
    }

    // Subject, hub and key, each ended by a line feed, which none of them can hold; then the payload.
    private static byte[] Encode(Signal signal)
    {
        var words = Encoding.UTF8.GetBytes($"{signal.Subject}\n{signal.Hub}\n{signal.Key}\n");
        return signal.Payload.IsEmpty ? words : [.. words, .. signal.Payload.Span];
    }

    private static bool TryDecode(byte[] message, out Signal signal)
    {
        Span<string> words = ["", "", ""];
        var rest = message.AsMemory();
        for (var i = 0; i < words.Length; i++)
        {
            var end = rest.Span.IndexOf(Separator);
            if (end < 0)
            {
                signal = default;
                return false;
            }

            words[i] = Encoding.UTF8.GetString(rest.Span[..end]);
            rest = rest[(end + 1)..];
        }

        signal = new Signal(words[0], words[1], words[2]) { Payload = rest };
        return true;
    }

    private void OnReconnected()
    {
        foreach (var hub in link.Hubs)
        {
            foreach (var subject in handlers.Subjects)
            {
                handlers.Tell(new Signal(subject, hub, Key: ""));
            }
        }
    }
}
