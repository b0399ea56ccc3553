using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.CloudToDevice;
using Gatehouse.Hub.Registry;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.CloudToDevice;

public sealed class SqliteDeviceQueueTests() : DeviceQueueSuite(null);

public sealed class PostgresDeviceQueueTests(PostgresServer server) : DeviceQueueSuite(server);

/// <summary>The queue of a device: what is accepted is delivered in order, at least once, to this device and no other, within its limits.</summary>
public abstract class DeviceQueueSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<HubHost> StartAsync(CloudToDeviceOptions? options = null) => HubHost.StartAsync(new HubOptions { CloudToDevice = options ?? new() }, server);

    [Fact]
    public async Task Messages_come_in_order_with_all_that_their_sender_gave()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        var sent = new CloudMessage
        {
            MessageId = "m1",
            CorrelationId = "c1",
            UserId = "u1",
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CreationTimeUtc = "2026-11-24T08:00:00.0000000Z",
            MessageSchema = "s",
            Operation = "o",
            ExpiresAt = hub.Time.GetUtcNow().AddMinutes(5),
            Acknowledgement = Acknowledgement.Full,
            Properties = [new("a", "1"), new("B-x", ""), new("c", null)],
            Body = new byte[] { 0, 1, 255 },
        };

        Assert.Equal(1, (await driver.SendAsync("d1", sent)).Value);
        Assert.Equal(2, (await driver.SendAsync("d1", "second")).Value);
        await using var mailbox = driver.Open("d1", generation);
        var first = await mailbox.TakeAsync(Token);
        var second = await mailbox.TakeAsync(Token);

        Assert.Equal((1L, hub.Time.GetUtcNow(), 0, hub.Time.GetUtcNow().AddSeconds(60)), (first!.SequenceNumber, first.EnqueuedTime, first.DeliveryCount, first.LockedUntil));
        Assert.Equal(sent with { Properties = [], Body = default }, first.Message with { Properties = [], Body = default });
        Assert.Equal(sent.Properties, first.Message.Properties);
        Assert.Equal(sent.Body.ToArray(), first.Message.Body.ToArray());
        Assert.Equal("second", CloudToDeviceDriver.TextOf(second));
        Assert.Null(await mailbox.TakeAsync(Token));
        Assert.Equal(2, await driver.CountAsync("d1"));
    }

    [Fact]
    public async Task A_completed_message_is_gone_and_its_token_works_once()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));
        await driver.SendAsync("d1", "a");

        var message = await mailbox.TakeAsync(Token);
        Assert.True((await mailbox.CompleteAsync(message!.LockToken, Token)).IsOk);

        Assert.Same(HubErrors.DeviceMessageLockLost, (await mailbox.CompleteAsync(message.LockToken, Token)).Error);
        Assert.Same(HubErrors.DeviceMessageLockLost, (await mailbox.RejectAsync(message.LockToken, Token)).Error);
        Assert.Same(HubErrors.DeviceMessageLockLost, (await mailbox.AbandonAsync(message.LockToken, Token)).Error);
        Assert.Equal(0, await driver.CountAsync("d1"));
    }

    [Fact]
    public async Task Fifty_messages_may_wait_and_one_more_is_refused_until_one_is_settled()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));

        for (var i = 0; i < 50; i++)
        {
            Assert.True((await driver.SendAsync("d1", $"{i}")).IsOk);
        }

        var held = await mailbox.TakeAsync(Token);
        Assert.Equal(HubErrors.DeviceMaximumQueueDepthExceeded.Code, (await driver.SendAsync("d1", "51st")).Error?.Code);
        await mailbox.CompleteAsync(held!.LockToken, Token);
        Assert.True((await driver.SendAsync("d1", "51st")).IsOk);
        Assert.Equal(HubErrors.DeviceMaximumQueueDepthExceeded.Code, (await driver.SendAsync("d1", "52nd")).Error?.Code);
    }

    [Fact]
    public async Task Senders_at_once_neither_pass_the_limit_nor_share_a_number()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await driver.MakeAsync("d1");

        var all = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => driver.SendAsync("d1", $"{i}"), Token)));

        Assert.Equal(50, all.Where(each => each.IsOk).Select(each => each.Value).Distinct().Count());
        Assert.Equal(50, await driver.CountAsync("d1"));
    }

    [Fact]
    public async Task Takers_at_once_never_hold_the_same_message()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var generation = await driver.MakeAsync("d1");
        for (var i = 0; i < 20; i++)
        {
            await driver.SendAsync("d1", $"{i}");
        }

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                var mine = new List<long>();
                while (await driver.Messages.ReceiveAsync(new DeviceQueue(hub.Hub, DeviceId.Parse("d1"), generation), null, Token) is { } message)
                {
                    mine.Add(message.SequenceNumber);
                }

                return mine;
            },
            Token)));

        Assert.Equal(Enumerable.Range(1, 20).Select(i => (long)i), taken.SelectMany(each => each).Order());
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "MessageTooLarge")]
    public async Task A_message_may_have_64_KiB_with_its_properties_and_not_a_byte_more(int more, string? error)
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await driver.MakeAsync("d1");

        var sent = await driver.SendAsync("d1", new CloudMessage { MessageId = "0123456789", Properties = [new("name", "value")], Body = new byte[65_536 - 19 + more] });

        Assert.Equal(error, sent.Error?.Name);
    }

    [Theory]
    [InlineData("name", null)]
    [InlineData("X_y-z.1~`|", null)]
    [InlineData("", "ArgumentInvalid")]
    [InlineData("two words", "ArgumentInvalid")]
    [InlineData("line\r\nbreak", "ArgumentInvalid")]
    [InlineData("größe", "ArgumentInvalid")]
    public async Task Names_of_properties_are_tokens(string name, string? error)
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await driver.MakeAsync("d1");

        Assert.Equal(error, (await driver.SendAsync("d1", new CloudMessage { Properties = [new(name, "any\r\nthing")] })).Error?.Name);
    }

    [Theory]
    [InlineData(128, 'a', null)]
    [InlineData(129, 'a', "ArgumentInvalid")]
    [InlineData(1, ' ', "ArgumentInvalid")]
    public async Task A_message_id_has_at_most_128_characters_of_its_alphabet(int length, char character, string? error)
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await driver.MakeAsync("d1");

        Assert.Equal(error, (await driver.SendAsync("d1", new CloudMessage { MessageId = new string(character, length) })).Error?.Name);
    }

    [Fact]
    public async Task An_unknown_device_gets_nothing_and_a_disabled_one_finds_its_messages_later()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await hub.PutAsync("off", change: input => input with { Status = "disabled" });

        Assert.Same(HubErrors.DeviceNotFound, (await driver.SendAsync("nobody", "a")).Error);
        Assert.Same(HubErrors.DeviceNotFound, (await driver.Messages.CountAsync(hub.Hub, DeviceId.Parse("nobody"), Token)).Error);
        Assert.True((await driver.SendAsync("off", "a")).IsOk);
    }

    [Fact]
    public async Task A_later_owner_of_the_name_and_another_device_get_nothing()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        var old = await driver.MakeAsync("d1");
        await using var other = driver.Open("d2", await driver.MakeAsync("d2"));
        await driver.SendAsync("d1", "secret", Acknowledgement.Full);
        await using var session = driver.Open("d1", old);
        var held = await session.TakeAsync(Token);

        await hub.DeleteAsync("d1", IfMatch.Any);
        await using var later = driver.Open("d1", await driver.MakeAsync("d1"));

        Assert.Null(await later.TakeAsync(Token));
        Assert.Null(await other.TakeAsync(Token));
        Assert.Equal(0, await driver.CountAsync("d1"));
        Assert.Same(HubErrors.DeviceMessageLockLost, (await session.AbandonAsync(held!.LockToken, Token)).Error);
        await driver.SendAsync("d1", "new");
        Assert.Equal(["new"], await CloudToDeviceDriver.DrainAsync(later));
        Assert.Null(await session.TakeAsync(Token));
    }

    [Fact]
    public async Task A_token_settles_nothing_of_another_device()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mine = driver.Open("d1", await driver.MakeAsync("d1"));
        await using var theirs = driver.Open("d2", await driver.MakeAsync("d2"));
        await driver.SendAsync("d1", "a");
        var held = await mine.TakeAsync(Token);

        Assert.Same(HubErrors.DeviceMessageLockLost, (await theirs.CompleteAsync(held!.LockToken, Token)).Error);
        Assert.True((await mine.CompleteAsync(held.LockToken, Token)).IsOk);
    }

    [Fact]
    public async Task Purging_removes_all_held_ones_too_and_is_audited()
    {
        await using var hub = await StartAsync();
        var driver = new CloudToDeviceDriver(hub);
        await using var mailbox = driver.Open("d1", await driver.MakeAsync("d1"));
        await driver.MakeAsync("d2");
        await driver.SendAsync("d1", "a");
        await driver.SendAsync("d1", "b");
        await driver.SendAsync("d2", "c");
        var held = await mailbox.TakeAsync(Token);

        Assert.Equal(2, (await driver.Messages.PurgeAsync(hub.Hub, HubHost.Actor, DeviceId.Parse("d1"), Token)).Value);

        Assert.Same(HubErrors.DeviceMessageLockLost, (await mailbox.CompleteAsync(held!.LockToken, Token)).Error);
        Assert.Equal((0, 1), (await driver.CountAsync("d1"), await driver.CountAsync("d2")));
        Assert.Contains("device.purgeMessages d1", await hub.AuditedAsync());
        Assert.Same(HubErrors.DeviceNotFound, (await driver.Messages.PurgeAsync(hub.Hub, HubHost.Actor, DeviceId.Parse("nobody"), Token)).Error);
    }
}
