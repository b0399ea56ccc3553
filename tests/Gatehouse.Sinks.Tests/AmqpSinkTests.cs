using System.Net;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Gatehouse.Sinks.Amqp;
using Xunit;

namespace Gatehouse.Sinks.Tests;

/// <summary>Deliveries to an AMQP 1.0 broker, played by the listener of AMQPNetLite.</summary>
public sealed class AmqpSinkTests : IDisposable
{
    private readonly ContainerHost broker;
    private readonly int port;
    private readonly Queue queue = new();

    public AmqpSinkTests()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        broker = new ContainerHost(new Address($"amqp://user:password@127.0.0.1:{port}"));
        broker.Open();
        broker.RegisterMessageProcessor("q", queue);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => broker.Close();

    [Fact]
    public async Task A_batch_arrives_in_order_with_its_stamps()
    {
        await using var sink = Open();

        var outcome = await sink.SendAsync(Events.Batch([.. Enumerable.Range(0, 50).Select(i => Events.Of(i, $"{i}"))]), Token);

        Assert.Equal((SinkResult.Delivered, 50), (outcome.Result, outcome.Delivered));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i} of d1"), queue.Taken);
    }

    [Fact]
    public async Task A_rejected_event_is_told_and_those_behind_it_are_not_sent_again()
    {
        queue.Rejected = "1";
        await using var sink = Open();
        var events = Enumerable.Range(0, 4).Select(i => Events.Of(i, $"{i}")).ToArray();

        var first = await sink.SendAsync(Events.Batch(events), Token);
        var second = await sink.SendAsync(Events.Batch(events[2..]), Token);
        var third = await sink.SendAsync(Events.Batch(Events.Of(4, "4")), Token);

        Assert.Equal((SinkResult.Refused, 1), (first.Result, first.Delivered));
        Assert.Contains("amqp:not-allowed", first.Error, StringComparison.Ordinal);
        Assert.Equal((SinkResult.Delivered, 2), (second.Result, second.Delivered));
        Assert.Equal(SinkResult.Delivered, third.Result);
        Assert.Equal(["0 of d1", "2 of d1", "3 of d1", "4 of d1"], queue.Taken);
    }

    [Fact]
    public async Task A_broker_that_is_silent_costs_no_connection_for_longer_than_an_attempt()
    {
        using var silent = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var sink = Open(((IPEndPoint)silent.LocalEndpoint).Port, TimeSpan.FromMilliseconds(300));

        var outcome = await sink.SendAsync(Events.Batch(Events.Of(0, "x")), Token);

        Assert.Equal(SinkResult.Failed, outcome.Result);
        using var accepted = await silent.AcceptSocketAsync(Token);
        var buffer = new byte[1024];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        while (await accepted.ReceiveAsync(buffer, patience.Token) > 0)
        {
            // Its protocol header; then the end.
        }
    }

    private AmqpSink Open(int? at = null, TimeSpan? timeout = null) => new(
        AmqpTarget.Parse($"Endpoint=amqp://127.0.0.1:{at ?? port}/;SharedAccessKeyName=user;SharedAccessKey=password;EntityPath=q", out _)!,
        new SinkOptions { AllowPrivateAddresses = true, Timeout = timeout ?? TimeSpan.FromSeconds(10) });

    private sealed class Queue : IMessageProcessor
    {
        private readonly List<string> taken = [];

        internal string? Rejected { get; set; }

        internal IReadOnlyList<string> Taken
        {
            get
            {
                lock (taken)
                {
                    return [.. taken];
                }
            }
        }

        public int Credit => 300;

        public void Process(MessageContext messageContext)
        {
            var body = Encoding.UTF8.GetString(messageContext.Message.GetBody<byte[]>());
            if (body == Rejected)
            {
                messageContext.Complete(new Error(ErrorCode.NotAllowed) { Description = "not this one" });
                return;
            }

            lock (taken)
            {
                taken.Add($"{body} of {messageContext.Message.MessageAnnotations[new global::Amqp.Types.Symbol("iothub-connection-device-id")]}");
            }

            messageContext.Complete();
        }
    }
}
