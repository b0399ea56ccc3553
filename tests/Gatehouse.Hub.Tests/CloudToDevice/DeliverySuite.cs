using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.CloudToDevice;

public sealed class SqliteDeliveryTests() : DeliverySuite(null);

public sealed class PostgresDeliveryTests(PostgresServer server) : DeliverySuite(server);

/// <summary>Locks, deliveries that fail, and who is woken when.</summary>
public abstract class DeliverySuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<HubHost> StartAsync(CloudToDeviceOptions? options = null) => HubHost.StartAsync(new HubOptions { CloudToDevice = options ?? new() }, server);

    [Fact]
    public async Task A_session_is_woken_by_a_message_and_others_sleep_on()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var (mine, others) = (0, 0);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"), () => mine++);
        await using var other = driver.Open("d2", await driver.MakeAsync("d2"), () => others++);

        await driver.SendAsync("d1", "a");
        Assert.Equal((1, 0), (mine, others));

        // The way to other nodes was lost and is back: everybody looks again.
        await hub.Get<ISignals>().PublishAsync(new Signal(SignalSubjects.DeviceMessageAvailable, hub.Hub.Value, Key: ""), Token);
        Assert.Equal((2, 1), (mine, others));
    }

    [Fact]
    public async Task A_lock_that_runs_out_gives_the_message_to_the_next_without_counting()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        var woken = 0;
        await using var first = driver.Open("d1", generation);
        await using var second = driver.Open("d1", generation, () => woken++);
        Assert.Null(await second.TakeAsync(Token));
        await driver.SendAsync("d1", "a");
        woken = 0;
        var held = await first.TakeAsync(Token);
        Assert.Null(await second.TakeAsync(Token));

        await driver.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(0, woken);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(1, woken);
        Assert.Same(HubErrors.DeviceMessageLockLost, (await first.CompleteAsync(held!.LockToken, Token)).Error);
        var again = await second.TakeAsync(Token);
        Assert.Equal((1L, 0), (again!.SequenceNumber, again.DeliveryCount));
        Assert.NotEqual(held.LockToken, again.LockToken);
    }

    [Fact]
    public async Task A_session_that_is_slow_to_ask_takes_nothing_over_from_a_newer_one()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        await using var older = driver.Open("d1", generation);
        await using var newer = driver.Open("d1", generation);
        await driver.SendAsync("d1", "a");
        var held = await newer.TakeAsync(Token);

        Assert.Null(await older.TakeAsync(Token));

        Assert.True((await newer.CompleteAsync(held!.LockToken, Token)).IsOk);
    }

    [Fact]
    public async Task A_session_does_not_take_over_what_its_device_has_spoken_of_already()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        await using var older = driver.Open("d1", generation);
        await driver.SendAsync("d1", "a");
        await driver.SendAsync("d1", "b");
        var (first, second) = (await older.TakeAsync(Token), await older.TakeAsync(Token));
        var mailboxes = hub.Get<Mailboxes>();
        mailboxes.BeginSettling(older.Queue, first!.LockToken);

        await using var newer = driver.Open("d1", generation);
        Assert.Equal(second!.SequenceNumber, (await newer.TakeAsync(Token))?.SequenceNumber);
        Assert.Null(await newer.TakeAsync(Token));

        mailboxes.EndSettling(older.Queue, first.LockToken);
        Assert.True((await older.CompleteAsync(first.LockToken, Token)).IsOk);
    }

    [Fact]
    public async Task A_session_that_ends_gives_back_what_it_held_without_counting_and_the_next_is_woken()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        var woken = 0;
        await using var second = driver.Open("d1", generation, () => woken++);
        Assert.Null(await second.TakeAsync(Token));
        await driver.SendAsync("d1", "a");
        await driver.SendAsync("d1", "b");
        var first = driver.Open("d1", generation);
        await first.TakeAsync(Token);
        await first.TakeAsync(Token);
        Assert.Null(await second.TakeAsync(Token));
        woken = 0;

        await first.DisposeAsync();

        Assert.Equal(1, woken);
        var (again, last) = (await second.TakeAsync(Token), await second.TakeAsync(Token));
        Assert.Equal(("a", 0, "b", 0), (CloudToDeviceDriver.TextOf(again), again!.DeliveryCount, CloudToDeviceDriver.TextOf(last), last!.DeliveryCount));
        Assert.Null(await first.TakeAsync(Token));
    }

    [Fact]
    public async Task A_new_session_takes_over_at_once_what_one_that_died_held_without_counting()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        await using var other = driver.Open("d2", await driver.MakeAsync("d2"));
        await driver.SendAsync("d2", "theirs");
        await other.TakeAsync(Token);
        await driver.SendAsync("d1", "a");
        await driver.SendAsync("d1", "b");
        var dead = driver.Open("d1", generation);
        var held = await dead.TakeAsync(Token);

        await using var next = driver.Open("d1", generation);
        var again = await next.TakeAsync(Token);

        Assert.Equal(("a", 0), (CloudToDeviceDriver.TextOf(again), again!.DeliveryCount));
        Assert.Same(HubErrors.DeviceMessageLockLost, (await dead.CompleteAsync(held!.LockToken, Token)).Error);
        Assert.Equal("b", CloudToDeviceDriver.TextOf(await next.TakeAsync(Token)));
        await using var theirs = driver.Open("d1", generation);
        Assert.Equal("a", CloudToDeviceDriver.TextOf(await theirs.TakeAsync(Token)));
        Assert.Null(await other.TakeAsync(Token));
    }

    [Fact]
    public async Task What_a_poll_holds_no_session_takes_over()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var queue = new DeviceQueue(hub.Hub, DeviceId.Parse("d1"), await driver.MakeAsync("d1"));
        await driver.SendAsync("d1", "a");
        var held = await driver.Messages.ReceiveAsync(queue, null, Token);

        await using var session = driver.Open("d1", queue.GenerationId);
        Assert.Null(await session.TakeAsync(Token));

        Assert.True((await driver.Messages.CompleteAsync(queue, held!.LockToken, Token)).IsOk);
    }

    [Fact]
    public async Task An_abandoned_message_comes_again_and_counts_until_the_last_time()
    {
        await using var hub = await StartAsync(new CloudToDeviceOptions { MaxDeliveryCount = 3 });
        var driver = new CloudToDeviceDriver(hub);
        var woken = 0;
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"), () => woken++);
        await driver.SendAsync("d1", "a", Acknowledgement.Negative);
        woken = 0;

        for (var delivery = 0; delivery < 3; delivery++)
        {
            var message = await mailbox.TakeAsync(Token);
            Assert.Equal(delivery, message!.DeliveryCount);
            Assert.True((await mailbox.AbandonAsync(message.LockToken, Token)).IsOk);
        }

        Assert.Null(await mailbox.TakeAsync(Token));
        Assert.Equal(2, woken);
        Assert.Equal(0, await driver.CountAsync("d1"));
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(["id-a DeliveryCountExceeded"], await driver.FeedbackAsync());
    }

    [Fact]
    public async Task An_abandoned_message_keeps_its_place_before_those_behind_it()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));
        await driver.SendAsync("d1", "a");
        await driver.SendAsync("d1", "b");

        await mailbox.AbandonAsync((await mailbox.TakeAsync(Token))!.LockToken, Token);

        Assert.Equal(["a", "b"], await CloudToDeviceDriver.DrainAsync(mailbox));
    }

    [Theory]
    [InlineData(null, 3600)]
    [InlineData(90, 90)]
    [InlineData(3 * 24 * 3600, 2 * 24 * 3600)]
    public async Task A_message_expires_when_its_sender_says_after_an_hour_or_after_two_days(int? asked, int lives)
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));
        var expires = asked is { } seconds ? hub.Time.GetUtcNow().AddSeconds(seconds) : (DateTimeOffset?)null;
        await driver.SendAsync("d1", CloudToDeviceDriver.Message("a", Acknowledgement.Full) with { ExpiresAt = expires });

        await driver.AdvanceAsync(TimeSpan.FromSeconds(lives - 1));
        Assert.Equal(1, await driver.CountAsync("d1"));
        await driver.AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await driver.CountAsync("d1"));
        Assert.Null(await mailbox.TakeAsync(Token));
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(["id-a Expired"], await driver.FeedbackAsync());
    }

    [Fact]
    public async Task What_a_device_holds_does_not_expire_under_its_hands()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));
        await driver.SendAsync("d1", CloudToDeviceDriver.Message("a", Acknowledgement.Full) with { ExpiresAt = hub.Time.GetUtcNow().AddSeconds(10) });
        var held = await mailbox.TakeAsync(Token);

        await driver.AdvanceAsync(TimeSpan.FromSeconds(30));

        Assert.True((await mailbox.CompleteAsync(held!.LockToken, Token)).IsOk);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(["id-a Success"], await driver.FeedbackAsync());
    }

    [Fact]
    public async Task A_device_without_a_session_says_how_long_it_holds_a_message()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var queue = new DeviceQueue(hub.Hub, DeviceId.Parse("d1"), await driver.MakeAsync("d1"));
        await driver.SendAsync("d1", "a");

        var held = await driver.Messages.ReceiveAsync(queue, TimeSpan.FromSeconds(300), Token);
        hub.Time.Advance(TimeSpan.FromSeconds(299));
        Assert.Null(await driver.Messages.ReceiveAsync(queue, null, Token));

        Assert.True((await driver.Messages.CompleteAsync(queue, held!.LockToken, Token)).IsOk);
    }
}
