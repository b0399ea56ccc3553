using System.Globalization;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Xunit;
using static Gatehouse.ServiceApi.Tests.Amqp.EventEndpoint;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>Partition receivers through the engine, read by AMQPNetLite: a second client implementation beside those of npm.</summary>
public sealed class EventReceiverTests(EventEndpoint endpoint) : IClassFixture<EventEndpoint>, IAsyncLifetime
{
    private static int nextGroup;

    // A group of its own for each test: readers of different tests do not count against each other.
    private readonly string group = $"group{Interlocked.Increment(ref nextGroup)}";
    private Connection? connection;
    private Session? session;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        (endpoint.Proofs.Rights, endpoint.Proofs.Scope) = (Rights.ServiceConnect, "");
        await endpoint.Groups.CreateAsync(Entity, group, "test", Token);
        connection = await endpoint.ConnectAsync();
        session = new Session(connection);
    }

    public async ValueTask DisposeAsync() => await connection!.CloseAsync();

    [Fact]
    public async Task Events_come_in_order_with_their_sections()
    {
        var first = await AppendAsync("a", "b", "c");
        var link = Open($"amqp.annotation.x-opt-sequence-number >= '{first}'");
        link.SetCredit(3, CreditMode.Manual);

        var message = await link.ReceiveAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("a"u8.ToArray(), message.GetBody<byte[]>());
        Assert.Equal(first, message.MessageAnnotations[new Symbol("x-opt-sequence-number")]);
        Assert.Equal(first.ToString(CultureInfo.InvariantCulture), message.MessageAnnotations[new Symbol("x-opt-offset")]);
        Assert.Equal("dev", message.MessageAnnotations[new Symbol("x-opt-partition-key")]);
        Assert.IsType<DateTime>(message.MessageAnnotations[new Symbol("iothub-enqueuedtime")]);
        Assert.Equal("b", message.ApplicationProperties["a"]);
        Assert.Null(message.DeliveryAnnotations);
        Assert.Equal(["b", "c"], [Text(await link.ReceiveAsync(TimeSpan.FromSeconds(60))), Text(await link.ReceiveAsync(TimeSpan.FromSeconds(60)))]);
    }

    [Fact]
    public async Task Nothing_comes_without_credit_and_no_more_than_credit()
    {
        var first = await AppendAsync([.. Enumerable.Range(0, 10).Select(Number)]);
        var link = Open($"amqp.annotation.x-opt-sequence-number >= '{first}'");

        link.SetCredit(0, CreditMode.Manual);
        Assert.Null(await link.ReceiveAsync(TimeSpan.FromMilliseconds(200)));
        Assert.Equal(["0", "1"], await TakeAsync(link, 2));
        Assert.Null(await link.ReceiveAsync(TimeSpan.FromMilliseconds(200)));
        Assert.Equal(["2", "3", "4"], await TakeAsync(link, 3));
    }

    [Fact]
    public async Task Many_events_come_whole_through_credit_of_one()
    {
        var bodies = Enumerable.Range(0, 300).Select(Number).ToArray();
        var first = await AppendAsync(bodies);
        var link = Open($"amqp.annotation.x-opt-offset >= '{first}'");
        var got = new List<string>();
        while (got.Count < bodies.Length)
        {
            got.AddRange(await TakeAsync(link, 1));
        }

        Assert.Equal(bodies, got);
    }

    [Fact]
    public async Task Large_events_come_whole_through_a_tiny_session_window()
    {
        var tiny = new Session(connection, new Begin { IncomingWindow = 1, OutgoingWindow = 10, NextOutgoingId = 0 }, null);
        string[] bodies = [new('a', 200_000), "small", new('b', 150_000), new('c', 65_536)];
        var first = await AppendAsync(bodies);
        var link = Attach(tiny, Partition(0, group), $"amqp.annotation.x-opt-sequence-number >= '{first}'");

        Assert.Equal(bodies, await TakeAsync(link, 4));
    }

    [Fact]
    public async Task A_reader_at_the_end_gets_the_next_event_at_once_and_old_ones_never()
    {
        await AppendAsync("old");
        var link = await OpenAtEndAsync();
        link.SetCredit(10, CreditMode.Manual);
        Assert.Null(await link.ReceiveAsync(TimeSpan.FromMilliseconds(200)));

        await AppendAsync("new");

        Assert.Equal("new", Text(await link.ReceiveAsync(TimeSpan.FromSeconds(60))));
    }

    [Fact]
    public async Task A_drain_is_completed_when_there_is_nothing_to_send()
    {
        var first = await AppendAsync("a");
        var link = Open($"amqp.annotation.x-opt-sequence-number >= '{first}'");
        link.SetCredit(5, CreditMode.Drain);

        Assert.Equal("a", Text(await link.ReceiveAsync(TimeSpan.FromSeconds(60))));

        // Credit that was drained is gone: an event that comes now must wait for new credit.
        await Task.Delay(200, Token);
        await AppendAsync("later");
        Assert.Null(await link.ReceiveAsync(TimeSpan.FromMilliseconds(300)));
        Assert.Equal(["later"], await TakeAsync(link, 1));
    }

    [Fact]
    public async Task Delivery_annotations_come_when_they_are_asked_for()
    {
        var first = await AppendAsync("a", "b");
        var link = Open(
            $"amqp.annotation.x-opt-sequence-number >= '{first}'",
            attach => attach.DesiredCapabilities = [new Symbol("com.microsoft:enable-receiver-runtime-metric")]);
        link.SetCredit(1, CreditMode.Manual);

        var message = await link.ReceiveAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(first + 1, message.DeliveryAnnotations[new Symbol("last_enqueued_sequence_number")]);
        Assert.Equal((first + 1).ToString(CultureInfo.InvariantCulture), message.DeliveryAnnotations[new Symbol("last_enqueued_offset")]);
        Assert.IsType<DateTime>(message.DeliveryAnnotations[new Symbol("last_enqueued_time_utc")]);
        Assert.IsType<DateTime>(message.DeliveryAnnotations[new Symbol("runtime_info_retrieval_time_utc")]);
    }

    [Fact]
    public async Task Events_that_the_client_wants_unsettled_come_so_and_stay_in_the_log_whatever_it_says()
    {
        var first = await AppendAsync("a", "b");
        var link = Open($"amqp.annotation.x-opt-sequence-number >= '{first}'", attach => (attach.SndSettleMode, attach.RcvSettleMode) = (SenderSettleMode.Unsettled, ReceiverSettleMode.Second));
        link.SetCredit(2, CreditMode.Manual);
        link.Reject(await link.ReceiveAsync(TimeSpan.FromSeconds(60)));
        link.Release(await link.ReceiveAsync(TimeSpan.FromSeconds(60)));

        Assert.Equal(["a", "b"], await TakeAsync(Open($"amqp.annotation.x-opt-sequence-number >= '{first}'"), 2));
    }

    [Fact]
    public async Task A_higher_owner_level_takes_over_and_a_lower_one_is_refused()
    {
        var low = Open("amqp.annotation.x-opt-offset > '-1'", WithLevel(1));
        var lowEnd = DetachedAsync(low);
        await Task.Delay(200, Token);

        var high = Open("amqp.annotation.x-opt-offset > '-1'", WithLevel(2));
        Assert.Equal("amqp:link:stolen", (await lowEnd).Condition);
        Assert.Equal("amqp:link:stolen", (await DetachedAsync(Open("amqp.annotation.x-opt-offset > '-1'", WithLevel(1)))).Condition);
        Assert.Equal("amqp:link:stolen", (await DetachedAsync(Open("amqp.annotation.x-opt-offset > '-1'"))).Condition);
        Assert.False(high.IsClosed);
    }

    [Fact]
    public async Task The_sixth_reader_without_an_owner_level_is_refused()
    {
        var links = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => OpenAtEndAsync()));

        Assert.Equal("amqp:resource-limit-exceeded", (await DetachedAsync(Open("amqp.annotation.x-opt-offset > '@latest'"))).Condition);

        await links[0].CloseAsync();
        var again = await OpenAtEndAsync();
        again.SetCredit(1, CreditMode.Manual);
        await AppendAsync("x");
        Assert.Equal("x", Text(await again.ReceiveAsync(TimeSpan.FromSeconds(60))));
    }

    [Theory]
    [InlineData("amqp.annotation.x-opt-offset < '5'", "com.microsoft:argument-error")]
    [InlineData("1=1", "com.microsoft:argument-error")]
    [InlineData("amqp.annotation.x-opt-offset > '999999999'", "com.microsoft:argument-error")]
    [InlineData("amqp.annotation.x-opt-sequence-number > '999999999'", "com.microsoft:argument-error")]
    public async Task A_start_that_makes_no_sense_is_refused(string selector, string condition)
    {
        Assert.Equal(condition, (await DetachedAsync(Open(selector))).Condition);
    }

    [Theory]
    [InlineData("gatehouse/ConsumerGroups/nowhere/Partitions/0", "amqp:not-found")]
    [InlineData("gatehouse/ConsumerGroups/$Default/Partitions/2", "com.microsoft:argument-out-of-range")]
    [InlineData("gatehouse/ConsumerGroups/$Default/Partitions/x", "com.microsoft:argument-out-of-range")]
    [InlineData("elsewhere/ConsumerGroups/$Default/Partitions/0", "amqp:not-found")]
    [InlineData("amqps://other.example/gatehouse/ConsumerGroups/$Default/Partitions/0", "com.microsoft:iot-hub-not-found-error")]
    public async Task What_does_not_exist_is_refused(string address, string condition)
    {
        var error = await DetachedAsync(Attach(session!, address, "amqp.annotation.x-opt-offset > '-1'"));

        Assert.Equal(condition, error.Condition);
    }

    [Fact]
    public async Task An_owner_level_below_zero_or_of_another_type_is_refused()
    {
        foreach (var level in new object[] { -1L, "1" })
        {
            var link = Open("amqp.annotation.x-opt-offset > '-1'", attach => attach.Properties = new Fields { [new Symbol("com.microsoft:epoch")] = level });
            Assert.Equal("com.microsoft:argument-error", (await DetachedAsync(link)).Condition);
        }
    }

    [Fact]
    public async Task Without_the_right_or_outside_the_tokens_scope_a_receiver_is_refused()
    {
        endpoint.Proofs.Scope = "messages/events/ConsumerGroups/other";
        Assert.Equal("amqp:unauthorized-access", (await DetachedAsync(Open("amqp.annotation.x-opt-offset > '-1'"))).Condition);

        (endpoint.Proofs.Scope, endpoint.Proofs.Rights) = ("", Rights.RegistryWrite | Rights.DeviceConnect);
        Assert.Equal("amqp:unauthorized-access", (await DetachedAsync(Open("amqp.annotation.x-opt-offset > '-1'"))).Condition);
    }

    [Fact]
    public async Task The_end_of_the_right_ends_its_receivers()
    {
        var first = await AppendAsync("a");
        var link = Open($"amqp.annotation.x-opt-sequence-number >= '{first}'");
        var ended = DetachedAsync(link);
        Assert.Equal(["a"], await TakeAsync(link, 1)); // it watches the right before it reads

        endpoint.Proofs.End(HubErrors.IotHubUnauthorizedAccess);

        Assert.Equal("amqp:unauthorized-access", (await ended).Condition);
    }

    [Fact]
    public async Task The_end_of_the_group_ends_its_receivers()
    {
        var link = await OpenAtEndAsync();
        var ended = DetachedAsync(link);

        await endpoint.Groups.DeleteAsync(Entity, group, "test", Token);

        Assert.Equal("amqp:not-found", (await ended).Condition);
    }

    [Fact]
    public async Task The_hubs_own_name_is_redirected_with_all_that_clients_read()
    {
        var link = Attach(session!, $"amqps://localhost:{endpoint.Port}/messages/events/ConsumerGroups/$Default/Partitions/0");
        var error = await DetachedAsync(link);

        var address = $"amqps://localhost:{endpoint.Port}/gatehouse/ConsumerGroups/$Default/Partitions/0";
        Assert.Equal("amqp:link:redirect", error.Condition);
        Assert.Equal(address, error.Description);
        Assert.Equal(address, error.Info[new Symbol("address")]);
        Assert.Equal(endpoint.Port, error.Info[new Symbol("port")]);
        Assert.Equal("localhost", error.Info[new Symbol("hostname")]);
        Assert.Equal("localhost", error.Info[new Symbol("network-host")]);
        Assert.NotNull(error.Info[new Symbol("com.microsoft:tracking-id")]);

        var plain = await DetachedAsync(Attach(session!, "/messages/events/$management"));
        Assert.Equal("amqps://localhost:1234/gatehouse/$management", plain.Description);
    }

    [Fact]
    public async Task A_sender_finds_no_node_there()
    {
        var link = new SenderLink(session, "s", new Target { Address = Partition(0, group) }, null);

        Assert.Equal("amqp:not-found", (await DetachedAsync(link)).Condition);
    }

    [Fact]
    public async Task Twenty_thousand_events_come_in_order_while_they_are_written()
    {
        var link = await OpenAtEndAsync();
        link.SetCredit(1_000, CreditMode.Auto);
        var writing = Task.Run(
            async () =>
            {
                for (var i = 0; i < 20_000; i += 500)
                {
                    await endpoint.AppendAsync(0, [.. Enumerable.Range(i, 500).Select(Number)]);
                }
            },
            Token);

        for (var i = 0; i < 20_000; i++)
        {
            var message = await link.ReceiveAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(Number(i), Text(message));
            link.Accept(message);
        }

        await writing;
    }

    private ReceiverLink Open(string? selector, Action<Attach>? change = null) => Attach(session!, Partition(0, group), selector, change);

    /// <summary>What is appended once this is done comes.</summary>
    private async Task<ReceiverLink> OpenAtEndAsync()
    {
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var link = Attach(session!, Partition(0, group), "amqp.annotation.x-opt-offset > '@latest'", attached: (_, _) => attached.TrySetResult());
        await attached.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        return link;
    }

    /// <summary>Returns the sequence number of the first.</summary>
    private async Task<long> AppendAsync(params string[] bodies) => await endpoint.AppendAsync(0, bodies);

    private static Action<Attach> WithLevel(long level) => attach => attach.Properties = new Fields { [new Symbol("com.microsoft:epoch")] = level };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(Message? message) => System.Text.Encoding.UTF8.GetString((message ?? throw new TimeoutException("no event came")).GetBody<byte[]>());
}
