using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

public sealed class EventManagementTests(EventEndpoint endpoint) : IClassFixture<EventEndpoint>, IAsyncLifetime
{
    private Connection? connection;
    private Session? session;

    public async ValueTask InitializeAsync()
    {
        (endpoint.Proofs.Rights, endpoint.Proofs.Scope) = (Rights.ServiceConnect, "");
        connection = await endpoint.ConnectAsync();
        session = new Session(connection);
    }

    public async ValueTask DisposeAsync() => await connection!.CloseAsync();

    [Theory]
    [InlineData("$management")]
    [InlineData("gatehouse/$management")]
    public async Task An_event_hub_is_described(string node)
    {
        var reply = await AskAsync(node, ("operation", "READ"), ("type", "com.microsoft:eventhub"), ("name", "gatehouse"));

        Assert.Equal((200, "OK"), (reply.ApplicationProperties["status-code"], reply.ApplicationProperties["status-description"]));
        var map = Assert.IsType<Map>(reply.Body);
        Assert.Equal("gatehouse", map["name"]);
        Assert.Equal("com.microsoft:eventhub", map["type"]);
        Assert.InRange(Assert.IsType<DateTime>(map["created_at"]), DateTime.UtcNow.AddMinutes(-10), DateTime.UtcNow);
        Assert.Equal(2, map["partition_count"]);
        Assert.Equal(["0", "1"], Assert.IsType<string[]>(map["partition_ids"]));
        Assert.Equal(1, map["georeplication_factor"]);
    }

    [Fact]
    public async Task A_partition_is_described_empty_and_filled()
    {
        var empty = Assert.IsType<Map>((await AskPartitionAsync("1")).Body);
        Assert.Equal(
            ("gatehouse", "com.microsoft:partition", "1", 0L, -1L, "-1", true),
            (empty["name"], empty["type"], empty["partition"], empty["begin_sequence_number"], empty["last_enqueued_sequence_number"], empty["last_enqueued_offset"], empty["is_partition_empty"]));
        Assert.Equal(DateTime.UnixEpoch, empty["last_enqueued_time_utc"]);

        await endpoint.AppendAsync(0, "a", "b", "c");
        var filled = Assert.IsType<Map>((await AskPartitionAsync("0")).Body);
        Assert.Equal((0L, 2L, "2", false), (filled["begin_sequence_number"], filled["last_enqueued_sequence_number"], filled["last_enqueued_offset"], filled["is_partition_empty"]));
        Assert.InRange(Assert.IsType<DateTime>(filled["last_enqueued_time_utc"]), DateTime.UtcNow.AddMinutes(-10), DateTime.UtcNow.AddSeconds(1));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("")]
    public async Task A_partition_that_is_not_there_is_404(string partition)
    {
        AssertRefused(404, "amqp:not-found", await AskPartitionAsync(partition));
    }

    [Fact]
    public async Task An_entity_that_is_not_there_is_404()
    {
        var reply = await AskAsync("$management", ("operation", "READ"), ("type", "com.microsoft:eventhub"), ("name", "elsewhere"));

        AssertRefused(404, "amqp:not-found", reply);
        Assert.Matches("The messaging entity .* could not be found", (string)reply.ApplicationProperties["status-description"]);
    }

    [Fact]
    public async Task Other_operations_and_types_are_501_and_a_request_without_them_400()
    {
        AssertRefused(501, "amqp:not-implemented", await AskAsync("$management", ("operation", "DELETE"), ("type", "com.microsoft:eventhub"), ("name", "gatehouse")));
        AssertRefused(501, "amqp:not-implemented", await AskAsync("$management", ("operation", "READ"), ("type", "com.microsoft:consumergroup"), ("name", "gatehouse")));
        AssertRefused(400, "amqp:invalid-field", await AskAsync("$management", ("type", "com.microsoft:eventhub")));
        AssertRefused(400, "amqp:invalid-field", await AskAsync("$management", ("operation", "READ")));
    }

    [Fact]
    public async Task Without_the_right_the_node_is_refused_and_its_end_closes_the_link()
    {
        var requests = new SenderLink(session, "requests", new Target { Address = "$management" }, null);
        var ended = EventEndpoint.DetachedAsync(requests);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        endpoint.Proofs.End(HubErrors.IotHubUnauthorizedAccess);

        Assert.Equal("amqp:unauthorized-access", (await ended).Condition);
        Assert.Equal("amqp:unauthorized-access", (await EventEndpoint.DetachedAsync(new SenderLink(session, "again", new Target { Address = "$management" }, null))).Condition);
    }

    private static void AssertRefused(int status, string condition, Message reply)
    {
        Assert.Equal(status, reply.ApplicationProperties["status-code"]);
        Assert.Equal(condition, reply.ApplicationProperties["error-condition"]?.ToString());
        Assert.Null(reply.Body);
    }

    private Task<Message> AskPartitionAsync(string partition) =>
        AskAsync("$management", ("operation", "READ"), ("type", "com.microsoft:partition"), ("name", "gatehouse"), ("partition", partition));

    private async Task<Message> AskAsync(string node, params (string Name, string Value)[] properties)
    {
        var replyTo = $"{Guid.NewGuid():N}";
        var replies = new ReceiverLink(session, replyTo, new Attach { Source = new Source { Address = node }, Target = new Target { Address = replyTo } }, null);
        replies.SetCredit(1, CreditMode.Manual);
        var requests = new SenderLink(session, $"{replyTo}-requests", new Target { Address = node }, null);
        var message = new Message(Array.Empty<byte>()) { Properties = new Properties { MessageId = replyTo, ReplyTo = replyTo }, ApplicationProperties = new ApplicationProperties() };
        foreach (var (name, value) in properties)
        {
            message.ApplicationProperties[name] = value;
        }

        await requests.SendAsync(message, TimeSpan.FromSeconds(20));
        var reply = await replies.ReceiveAsync(TimeSpan.FromSeconds(60)) ?? throw new TimeoutException("no reply came");
        Assert.Equal(replyTo, reply.Properties.CorrelationId);
        await requests.CloseAsync();
        await replies.CloseAsync();
        return reply;
    }
}
