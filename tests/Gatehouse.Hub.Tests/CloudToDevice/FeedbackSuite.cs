using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Registry;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.CloudToDevice;

public sealed class SqliteFeedbackTests() : FeedbackSuite(null);

public sealed class PostgresFeedbackTests(PostgresServer server) : FeedbackSuite(server);

/// <summary>What senders hear of their messages, in batches, and how notifications are received.</summary>
public abstract class FeedbackSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<HubHost> StartAsync(NotificationOptions? feedback = null) => HubHost.StartAsync(new HubOptions { Feedback = feedback ?? new() }, server);

    [Theory]
    [InlineData(Acknowledgement.None, "")]
    [InlineData(Acknowledgement.Positive, "id-done Success")]
    [InlineData(Acknowledgement.Negative, "id-purged Purged,id-refused Rejected")]
    [InlineData(Acknowledgement.Full, "id-done Success,id-purged Purged,id-refused Rejected")]
    public async Task A_sender_hears_of_the_outcomes_it_asked_for(Acknowledgement acknowledgement, string heard)
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));
        await driver.SendAsync("d1", "done", acknowledgement);
        await driver.SendAsync("d1", "refused", acknowledgement);
        await driver.SendAsync("d1", "purged", acknowledgement);

        await mailbox.CompleteAsync((await mailbox.TakeAsync(Token))!.LockToken, Token);
        await mailbox.RejectAsync((await mailbox.TakeAsync(Token))!.LockToken, Token);
        await driver.Messages.PurgeAsync(hub.Hub, HubHost.Actor, DeviceId.Parse("d1"), Token);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));

        Assert.Equal(heard, string.Join(',', (await driver.FeedbackAsync()).Order()));
    }

    [Fact]
    public async Task A_record_says_which_message_of_which_device_ended_how_and_when()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        await using var mailbox = driver.Open("d1", generation);
        await driver.SendAsync("d1", new CloudMessage { Acknowledgement = Acknowledgement.Full });
        hub.Time.Advance(TimeSpan.FromSeconds(7));
        await mailbox.CompleteAsync((await mailbox.TakeAsync(Token))!.LockToken, Token);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));

        var batch = await driver.Notifications.TakeAsync(hub.Hub, NotificationKind.Feedback, Token);

        using var json = JsonDocument.Parse(batch!.Body);
        var record = Assert.Single(json.RootElement.EnumerateArray());
        Assert.True(Guid.TryParse(record.GetProperty("originalMessageId").GetString(), out _)); // the hub's own: there was none
        Assert.Equal(
            ("d1", generation, "2026-11-24T08:00:07.0000000Z", "Success", "Success"),
            (record.GetProperty("deviceId").GetString(), record.GetProperty("deviceGenerationId").GetString(), record.GetProperty("enqueuedTimeUtc").GetString(), record.GetProperty("statusCode").GetString(), record.GetProperty("description").GetString()));
    }

    [Fact]
    public async Task A_batch_has_64_records_or_what_15_seconds_bring()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        for (var device = 0; device < 2; device++)
        {
            await using var mailbox = driver.Open($"d{device}", await driver.MakeAsync($"d{device}"));
            for (var i = 0; i < 33; i++)
            {
                await driver.SendAsync($"d{device}", $"{device}-{i}", Acknowledgement.Positive);
                await mailbox.CompleteAsync((await mailbox.TakeAsync(Token))!.LockToken, Token);
                hub.Time.Advance(TimeSpan.FromMilliseconds(1));
            }
        }

        await driver.AdvanceAsync(TimeSpan.Zero);
        Assert.Equal(64, (await driver.FeedbackAsync()).Distinct().Count());
        await driver.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        Assert.Empty(await driver.FeedbackAsync());
        await driver.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.Equal(["id-1-31 Success", "id-1-32 Success"], await driver.FeedbackAsync());
    }

    [Fact]
    public async Task Feedback_of_a_device_that_is_deleted_is_dropped()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await driver.MakeAsync("d1");
        await driver.SendAsync("d1", "a", Acknowledgement.Full);
        await driver.Messages.PurgeAsync(hub.Hub, HubHost.Actor, DeviceId.Parse("d1"), Token);

        await hub.DeleteAsync("d1", IfMatch.Any);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));

        Assert.Empty(await driver.FeedbackAsync());
    }

    [Fact]
    public async Task A_notification_goes_to_one_receiver_and_comes_again_when_it_is_not_completed()
    {
        await using var hub = await StartAsync();
        var driver = await WithFeedbackAsync(hub);
        var woken = 0;
        using var watch = driver.Notifications.WatchAvailable(hub.Hub, NotificationKind.Feedback, () => woken++);
        using var other = driver.Notifications.WatchAvailable(hub.Hub, NotificationKind.FileNotification, () => woken += 100);

        var first = await TakeAsync(driver, hub);
        Assert.Null(await TakeAsync(driver, hub));
        await driver.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(0, woken);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, woken);

        var second = await TakeAsync(driver, hub);
        Assert.Equal((first!.SequenceNumber, 0), (second!.SequenceNumber, second.DeliveryCount));
        Assert.Same(HubErrors.DeviceMessageLockLost, (await driver.Notifications.CompleteAsync(hub.Hub, NotificationKind.Feedback, first.LockToken, Token)).Error);
        Assert.True((await driver.Notifications.AbandonAsync(hub.Hub, NotificationKind.Feedback, second.LockToken, Token)).IsOk);
        Assert.Equal(2, woken);
        var third = await TakeAsync(driver, hub);
        Assert.Equal(1, third!.DeliveryCount);
        Assert.True((await driver.Notifications.ReleaseAsync(hub.Hub, NotificationKind.Feedback, third.LockToken, Token)).IsOk);
        var fourth = await TakeAsync(driver, hub);
        Assert.Equal(1, fourth!.DeliveryCount);
        Assert.True((await driver.Notifications.CompleteAsync(hub.Hub, NotificationKind.Feedback, fourth.LockToken, Token)).IsOk);
        Assert.Null(await TakeAsync(driver, hub));
    }

    [Fact]
    public async Task A_notification_is_dropped_when_it_was_abandoned_too_often_or_nobody_came()
    {
        await using var hub = await StartAsync(new NotificationOptions { MaxDeliveryCount = 2, TimeToLive = TimeSpan.FromMinutes(2) });
        var driver = await WithFeedbackAsync(hub);
        for (var i = 0; i < 2; i++)
        {
            Assert.True((await driver.Notifications.AbandonAsync(hub.Hub, NotificationKind.Feedback, (await TakeAsync(driver, hub))!.LockToken, Token)).IsOk);
        }

        Assert.Null(await TakeAsync(driver, hub));
        await WithFeedbackAsync(hub, "d2");
        hub.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await TakeAsync(driver, hub));
        Assert.Equal(1, await CountRowsAsync(hub));
        await driver.AdvanceAsync(TimeSpan.Zero);
        Assert.Equal(0, await CountRowsAsync(hub));
    }

    private static Task<long> CountRowsAsync(HubHost hub) =>
        hub.Get<Database>().ReadAsync(static (connection, _) => connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM notifications"), Token);

    private static Task<LockedNotification?> TakeAsync(CloudToDeviceDriver driver, HubHost hub) => driver.Notifications.TakeAsync(hub.Hub, NotificationKind.Feedback, Token);

    private static async Task<CloudToDeviceDriver> WithFeedbackAsync(HubHost hub, string device = "d1")
    {
        var driver = new CloudToDeviceDriver(hub);
        await driver.MakeAsync(device);
        await driver.SendAsync(device, "a", Acknowledgement.Full);
        await driver.Messages.PurgeAsync(hub.Hub, HubHost.Actor, DeviceId.Parse(device), Token);
        await driver.AdvanceAsync(TimeSpan.FromSeconds(15));
        return driver;
    }
}
