using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Notifications;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.ServiceApi.Tests.Amqp;

/// <summary>Feedback and file notifications as AMQP back ends receive them.</summary>
public sealed class NotificationReceiverTests : IAsyncLifetime
{
    private const string Feedback = "/messages/serviceBound/feedback";
    private const string Files = "/messages/servicebound/fileNotifications";

    private readonly EventEndpoint endpoint = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => endpoint.InitializeAsync();

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();

    [Theory]
    [InlineData(Feedback, NotificationKind.Feedback, "application/vnd.microsoft.iothub.feedback.json")]
    [InlineData("amqps://localhost:5671/messages/servicebound/feedback", NotificationKind.Feedback, "application/vnd.microsoft.iothub.feedback.json")]
    [InlineData(Files, NotificationKind.FileNotification, "application/vnd.microsoft.iothub.filenotification.json")]
    public async Task A_notification_has_what_the_SDKs_read_of_it(string address, NotificationKind kind, string contentType)
    {
        await PutAsync(kind, "[1]");
        var connection = await endpoint.ConnectAsync();
        var link = EventEndpoint.Attach(new Session(connection), address);
        link.SetCredit(1, CreditMode.Manual);

        var message = await link.ReceiveAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("[1]", Encoding.UTF8.GetString(message.GetBody<byte[]>()));
        Assert.Equal((contentType, "gatehouse"), (message.Properties.ContentType.ToString(), Encoding.UTF8.GetString(message.Properties.UserId)));
        Assert.IsType<DateTime>(message.MessageAnnotations[new Symbol("iothub-enqueuedtime")]);
        Assert.Equal(message.MessageAnnotations[new Symbol("x-opt-lock-token")], new Guid(message.DeliveryTag).ToString());
        link.Accept(message);
        await connection.CloseAsync();
        await GoneAsync();
    }

    [Fact]
    public async Task Released_and_modified_come_again_rejected_is_gone()
    {
        await PutAsync(NotificationKind.Feedback, "[1]");
        var connection = await endpoint.ConnectAsync();
        var link = EventEndpoint.Attach(new Session(connection), Feedback);
        link.SetCredit(10, CreditMode.Manual);

        link.Release(await ReceiveAsync(link));
        var second = await ReceiveAsync(link);
        Assert.Equal((byte)1, second.MessageAnnotations[new Symbol("iothub-deliverycount")]);
        link.Modify(second, deliveryFailed: true);
        var third = await ReceiveAsync(link);
        Assert.Equal((byte)2, third.MessageAnnotations[new Symbol("iothub-deliverycount")]);
        link.Reject(third);

        await GoneAsync();
        await connection.CloseAsync();
    }

    [Fact]
    public async Task A_receiver_that_settles_second_is_answered_accepted_also_when_it_abandons()
    {
        await PutAsync(NotificationKind.Feedback, "[1]");
        var connection = await endpoint.ConnectAsync();
        var link = EventEndpoint.Attach(new Session(connection), Feedback, change: attach => attach.RcvSettleMode = ReceiverSettleMode.Second);
        link.SetCredit(10, CreditMode.Manual);

        // AMQPNetLite ends the call when the other side has settled, whatever its state.
        link.Release(await ReceiveAsync(link));
        link.Accept(await ReceiveAsync(link));

        await GoneAsync();
        await connection.CloseAsync();
    }

    [Fact]
    public async Task What_a_receiver_held_when_it_went_away_comes_to_the_next_without_counting()
    {
        await PutAsync(NotificationKind.Feedback, "[1]");
        var first = await endpoint.ConnectAsync();
        var held = EventEndpoint.Attach(new Session(first), Feedback);
        held.SetCredit(1, CreditMode.Manual);
        await ReceiveAsync(held);
        await first.CloseAsync();

        var second = await endpoint.ConnectAsync();
        var link = EventEndpoint.Attach(new Session(second), Feedback);
        link.SetCredit(1, CreditMode.Manual);

        Assert.Equal((byte)0, (await ReceiveAsync(link)).MessageAnnotations[new Symbol("iothub-deliverycount")]);
        await second.CloseAsync();
    }

    [Fact]
    public async Task A_waiting_receiver_gets_what_arrives_and_an_empty_queue_answers_a_drain()
    {
        var connection = await endpoint.ConnectAsync();
        var link = EventEndpoint.Attach(new Session(connection), Feedback);
        link.SetCredit(1, CreditMode.Drain);
        Assert.Null(await link.ReceiveAsync(TimeSpan.FromMilliseconds(300)));
        link.SetCredit(1, CreditMode.Manual);

        await PutAsync(NotificationKind.FileNotification, "{}");
        await PutAsync(NotificationKind.Feedback, "[2]");

        Assert.Equal("[2]", Encoding.UTF8.GetString((await ReceiveAsync(link)).GetBody<byte[]>()));
        await connection.CloseAsync();
    }

    [Theory]
    [InlineData(Feedback)]
    [InlineData(Files)]
    public async Task Only_ServiceConnect_receives(string address)
    {
        endpoint.Proofs.Rights = Rights.RegistryRead | Rights.RegistryWrite | Rights.DeviceConnect;
        var connection = await endpoint.ConnectAsync();

        Assert.Equal("amqp:unauthorized-access", (await EventEndpoint.DetachedAsync(EventEndpoint.Attach(new Session(connection), address))).Condition.ToString());
        await connection.CloseAsync();
    }

    private static async Task<Message> ReceiveAsync(ReceiverLink link) => await link.ReceiveAsync(TimeSpan.FromSeconds(60)) ?? throw new TimeoutException("Nothing came.");

    private async Task PutAsync(NotificationKind kind, string body)
    {
        var queues = endpoint.Get<NotificationQueues>();
        var put = await endpoint.Get<Database>().WriteAsync<bool>(
            async (write, token) =>
            {
                await queues.PutAsync(write, EventEndpoint.Entity, kind, Encoding.UTF8.GetBytes(body), new NotificationOptions(), token);
                return true;
            },
            Token);
        Assert.True(put.IsOk);
    }

    // Outcomes are stored behind the client's back.
    private async Task GoneAsync()
    {
        for (var i = 0; i < 400; i++)
        {
            var left = await endpoint.Get<Database>().ReadAsync(
                async (connection, token) =>
                {
                    await using var command = connection.CreateCommand();
                    command.CommandText = "SELECT COUNT(*) FROM notifications";
                    return Convert.ToInt64(await command.ExecuteScalarAsync(token), System.Globalization.CultureInfo.InvariantCulture);
                },
                Token);
            if (left == 0)
            {
                return;
            }

            await Task.Delay(25, Token);
        }

        Assert.Fail("The notification is still there.");
    }
}
