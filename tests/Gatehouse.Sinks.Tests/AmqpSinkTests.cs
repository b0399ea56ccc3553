using System.Collections;
using System.Net;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Gatehouse.Sinks.Amqp;
using Gatehouse.Store.Suite;
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
        port = ServerPort.Find();
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

    [Fact]
    public async Task A_wrong_password_is_told_as_what_it_is_without_the_password()
    {
        await using var sink = Open(password: "not-it");

        var outcome = await sink.SendAsync(Events.Batch(Events.Of(0, "x")), Token);

        Assert.Equal(SinkResult.Failed, outcome.Result);
        Assert.Contains("refused the user or the password", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not-it", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(queue.Taken);
    }

    /// <summary>The client makes rejections of such ends, which are none: dead letters would take what only has to be sent again.</summary>
    [Theory]
    [InlineData("link")]
    [InlineData("session")]
    [InlineData("connection")]
    public async Task What_the_broker_had_not_settled_when_it_went_is_sent_again_and_not_refused(string ended)
    {
        queue.Held = "1";
        await using var sink = Open();
        var events = Enumerable.Range(0, 3).Select(i => Events.Of(i, $"{i}")).ToArray();

        var sending = sink.SendAsync(Events.Batch(events), Token);
        var link = await queue.Holding.Task.WaitAsync(Token);
        AmqpObject end = ended switch { "link" => link, "session" => link.Session, _ => link.Session.Connection };
        end.Close(TimeSpan.Zero, new Error(ErrorCode.InternalError) { Description = "going down" });
        var first = await sending;
        queue.Held = null;
        var second = await sink.SendAsync(Events.Batch(events[1..]), Token);

        Assert.Equal((SinkResult.Failed, 1), (first.Result, first.Delivered));
        Assert.Equal(SinkResult.Delivered, second.Result);
        Assert.Equal(["0 of d1", "1 of d1", "2 of d1"], queue.Taken.Distinct().Order());
    }

    [Fact]
    public async Task What_the_broker_had_taken_counts_also_when_it_goes_before_the_rest_was_sent()
    {
        queue.Held = "1";
        await using var sink = Open();
        var events = Enumerable.Range(0, 3).Select(i => Events.Of(i, $"{i}")).ToArray();
        using var gone = new ManualResetEventSlim();

        var sending = Task.Run(() => sink.SendAsync(Events.Batch(new HeldUp(events, 2, gone)), Token), Token);
        var link = await queue.Holding.Task.WaitAsync(Token);
        link.AddClosedCallback((_, _) => gone.Set()); // the client has answered
        link.Close(TimeSpan.Zero, new Error(ErrorCode.InternalError) { Description = "going down" });
        var outcome = await sending;

        Assert.Equal((SinkResult.Failed, 1), (outcome.Result, outcome.Delivered));
        Assert.Contains("going down", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ErrorCode.PreconditionFailed)]
    [InlineData(ErrorCode.MessageSizeExceeded)]
    public async Task A_broker_that_ends_the_link_for_a_message_has_refused_it(string condition)
    {
        queue.Held = "1";
        await using var sink = Open();
        var events = Enumerable.Range(0, 2).Select(i => Events.Of(i, $"{i}")).ToArray();

        var sending = sink.SendAsync(Events.Batch(events), Token);
        (await queue.Holding.Task.WaitAsync(Token)).Close(TimeSpan.Zero, new Error(condition) { Description = "not such a one" });
        var outcome = await sending;

        Assert.Contains($"{condition} not such a one", outcome.Error, StringComparison.Ordinal);
        Assert.Equal((SinkResult.Refused, 1), (outcome.Result, outcome.Delivered));
    }

    private AmqpSink Open(int? at = null, TimeSpan? timeout = null, string password = "password") => new(
        AmqpTarget.Parse($"Endpoint=amqp://127.0.0.1:{at ?? port}/;SharedAccessKeyName=user;SharedAccessKey={password};EntityPath=q", out _)!,
        new SinkOptions { AllowPrivateAddresses = true, Timeout = timeout ?? TimeSpan.FromSeconds(10) });

    /// <summary>Events of which one is given out only when told.</summary>
    private sealed class HeldUp(IReadOnlyList<SinkEvent> events, int held, ManualResetEventSlim go) : IReadOnlyList<SinkEvent>
    {
        public int Count => events.Count;

        public SinkEvent this[int index] => events[index];

        public IEnumerator<SinkEvent> GetEnumerator()
        {
            for (var i = 0; i < events.Count; i++)
            {
                if (i == held)
                {
                    go.Wait(TestContext.Current.CancellationToken);
                }

                yield return events[i];
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Queue : IMessageProcessor
    {
        private readonly List<string> taken = [];

        internal string? Rejected { get; set; }

        internal string? Held { get; set; }

        internal TaskCompletionSource<ListenerLink> Holding { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
            if (body == Held)
            {
                Holding.TrySetResult(messageContext.Link);
                return;
            }

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
