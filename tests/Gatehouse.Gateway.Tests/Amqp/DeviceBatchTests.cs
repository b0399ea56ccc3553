using Gatehouse.Contracts.Telemetry;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>Batches: one outcome for all of it, or none of it.</summary>
public sealed class DeviceBatchTests
{
    [Fact]
    public async Task A_batch_is_accepted_once_when_the_last_of_it_is_durable()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var parts = Enumerable.Range(0, 5).Select(i => new MessageBytes().Properties($"m{i}").Application(("n", i)).Data([(byte)i]).ToArray()).ToList();

        var id = await device.SendAsync(2, MessageBytes.Batch(parts), BatchReader.MessageFormat);
        await Eventually.TrueAsync(() => host.Log.PendingCount == 5);
        await device.ExpectNothingAsync();
        host.Log.Commit();

        await device.ExpectAcceptedAsync(id, id);
        await device.ExpectNothingAsync();
        var stored = host.Log.Stored.Select(record => new Stored(record)).ToList();
        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], stored.Select(each => each.Fields[EventField.MessageId]));
        Assert.All(stored, (each, i) => Assert.Equal([(byte)i], each.Body));
    }

    [Fact]
    public async Task A_bad_message_rejects_the_whole_batch_before_any_of_it_is_stored()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        foreach (var bad in new[] { "rubbish"u8.ToArray(), new MessageBytes().Value(1).ToArray() })
        {
            var id = await device.SendAsync(2, MessageBytes.Batch([MessageBytes.Of("good"), bad, MessageBytes.Of("good")]), BatchReader.MessageFormat);
            Assert.Equal(AmqpConditions.ArgumentError, await device.ExpectRejectedAsync(id));
        }

        Assert.Equal(AmqpConditions.ArgumentError, await device.ExpectRejectedAsync(await device.SendAsync(2, new MessageBytes().Value("no batch").ToArray(), BatchReader.MessageFormat)));
        Assert.Empty(host.Log.Stored);
    }

    [Fact]
    public async Task The_longest_batch_is_taken_and_one_message_more_is_not()
    {
        await using var host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxBatchMessages = 100 });
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        var id = await device.SendAsync(2, MessageBytes.Batch(Enumerable.Repeat(MessageBytes.Of("x"), 100)), BatchReader.MessageFormat);
        await device.ExpectAcceptedAsync(id, id);
        id = await device.SendAsync(2, MessageBytes.Batch(Enumerable.Repeat(MessageBytes.Of("x"), 101)), BatchReader.MessageFormat);
        Assert.Equal(AmqpConditions.ArgumentError, await device.ExpectRejectedAsync(id));
        id = await device.SendAsync(2, MessageBytes.Batch([]), BatchReader.MessageFormat);
        await device.ExpectAcceptedAsync(id, id);
        Assert.Equal(100, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_batch_as_large_as_a_message_may_be_is_taken_and_one_byte_more_is_rejected()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));
        var one = new MessageBytes().Data(new byte[100_000]).ToArray();
        var rest = 262_144 - MessageBytes.Batch([one, one]).Length - (MessageBytes.Batch([new MessageBytes().Data(new byte[1000]).ToArray()]).Length - 1000);

        var id = await device.SendAsync(2, MessageBytes.Batch([one, one, new MessageBytes().Data(new byte[rest]).ToArray()]), BatchReader.MessageFormat);
        await device.ExpectAcceptedAsync(id, id);
        id = await device.SendAsync(2, MessageBytes.Batch([one, one, new MessageBytes().Data(new byte[rest + 1]).ToArray()]), BatchReader.MessageFormat);
        Assert.Equal(AmqpConditions.MessageSizeExceeded, await device.ExpectRejectedAsync(id));
        Assert.Equal(3, host.Log.Stored.Count);
    }

    [Fact]
    public async Task A_batch_that_does_not_fit_the_log_goes_on_where_it_stopped()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.Room = 3;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        var id = await device.SendAsync(2, MessageBytes.Batch(Enumerable.Range(0, 8).Select(i => MessageBytes.Of($"{i}"))), BatchReader.MessageFormat);
        var next = await device.SendAsync(2, MessageBytes.Of("after"));
        foreach (var count in new[] { 3, 3, 3 })
        {
            await Eventually.TrueAsync(() => host.Log.PendingCount == count);
            await device.ExpectNothingAsync();
            host.Log.Commit();
        }

        await device.ExpectAcceptedAsync(id, next);
        Assert.Equal([.. Enumerable.Range(0, 8).Select(i => $"{i}"), "after"], host.Log.Stored.Select(record => new Stored(record).Text));
    }

    [Fact]
    public async Task A_batch_of_which_a_part_failed_is_rejected_as_a_whole()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.Room = 2;
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", await host.RegisterAsync("d1"));

        var id = await device.SendAsync(2, MessageBytes.Batch([MessageBytes.Of("0"), MessageBytes.Of("1"), MessageBytes.Of("2")]), BatchReader.MessageFormat);
        await Eventually.TrueAsync(() => host.Log.PendingCount == 2);
        host.Log.Fail(new IOException("disk full"));
        await Eventually.TrueAsync(() => host.Log.PendingCount == 1);
        await device.ExpectNothingAsync();
        host.Log.Commit();

        Assert.Equal(AmqpConditions.InternalError, await device.ExpectRejectedAsync(id));
    }
}
