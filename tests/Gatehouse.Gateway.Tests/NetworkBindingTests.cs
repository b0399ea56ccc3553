using System.Text;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Gateway.Tests.Http;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>A device that is bound to networks, at every door. MQTT and AMQP come from 192.0.2.7 here, HTTPS from 127.0.0.1.</summary>
public sealed class NetworkBindingTests : IAsyncLifetime
{
    private const string Messages = "/devices/d1/messages/devicebound?api-version=2021-04-12";

    private GatewayHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await GatewayHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_session_from_elsewhere_ends_when_its_device_is_bound_and_does_not_come_back()
    {
        var key = await host.RegisterAsync("d1");
        var other = await host.ConnectAsync("d2", await host.RegisterAsync("d2"));
        var session = await host.ConnectAsync("d1", key);

        var effect = (await BindAsync("192.0.2.0/24")).Value;
        Assert.Equal((true, 0, 1, null), (effect.IsChanged, effect.LiveCount, effect.StayCount, effect.Danger));
        await GoesOnAsync(session);

        var refused = await BindAsync("198.51.100.0/24");
        Assert.Equal("GenericConflict", refused.Error?.Name);
        Assert.Contains("'d1' is connected to this node from 192.0.2.7, which is in none of these networks", refused.Error!.Message, StringComparison.Ordinal);
        await GoesOnAsync(session);

        effect = (await BindAsync("198.51.100.0/24", isForced: true)).Value;
        Assert.Equal((1, 0, "d1", "192.0.2.7"), (effect.LiveCount, effect.StayCount, Assert.Single(effect.Live).Identity, effect.Live[0].Shown));
        await session.ExpectAbortAsync("its right to be connected has ended");
        Assert.Equal((RefusalReason.NetworkNotAllowed, "d1", "192.0.2.7"), (Assert.Single(host.Refusals).Reason, host.Refusals[0].Claimed, host.Refusals[0].RemoteAddress));
        await RefusedAsync("d1", key);
        await GoesOnAsync(other);

        await UnbindAsync();
        await GoesOnAsync(await host.ConnectAsync("d1", key));
    }

    [Fact]
    public async Task A_device_that_connects_while_it_is_bound_does_not_stay()
    {
        // However the two meet: the session is refused, or is ended.
        var key = await host.RegisterAsync("d1");
        for (var i = 0; i < 20; i++)
        {
            var driver = host.Open();
            var binding = Task.Run(() => BindAsync("198.51.100.0/24", isForced: true), Token);
            await driver.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key)));
            Assert.True((await binding).IsOk);

            await driver.Ended;
            await UnbindAsync();
        }
    }

    [Fact]
    public async Task Over_AMQP_and_HTTPS_the_same_holds_also_on_a_connection_that_was_known()
    {
        var key = await host.RegisterAsync("d1");
        await using var device = await AmqpDevice.ConnectAsync(host, "d1", key);
        await using var door = await HttpDoor.OpenAsync(host);
        var token = Encoding.ASCII.GetString(host.TokenOf("localhost/devices/d1", key));
        Assert.Equal(204, (await door.AskAsync("GET", Messages, token)).Code);

        // HTTPS comes from elsewhere, and the link does not.
        Assert.True((await BindAsync("192.0.2.7")).IsOk);
        Assert.Equal(401, (await door.AskAsync("GET", Messages, token)).Code);
        Assert.Equal((RefusalReason.NetworkNotAllowed, "https", "127.0.0.1"), (host.Refusals[^1].Reason, host.Refusals[^1].Protocol, host.Refusals[^1].RemoteAddress));
        Assert.Equal(200, await device.PutTokenAsync("d1", key));

        Assert.True((await BindAsync("127.0.0.0/8", isForced: true)).IsOk);
        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.ExpectDetachAsync()).Error!.Condition);
        Assert.Equal((RefusalReason.NetworkNotAllowed, "192.0.2.7"), (host.Refusals[^1].Reason, host.Refusals[^1].RemoteAddress));
        Assert.Equal(401, await device.PutTokenAsync("d1", key));
        Assert.Equal(204, (await door.AskAsync("GET", Messages, token)).Code);
    }

    [Fact]
    public async Task A_token_for_a_file_is_bound_as_its_device_is()
    {
        var token = await host.TokenOfNewAsync("d1");
        await using var door = await HttpDoor.OpenAsync(host);
        var upload = await Upload.BeginAsync(door, token);
        Assert.Equal(201, (await upload.PutAsync("x"u8.ToArray())).Code);

        Assert.True((await BindAsync("198.51.100.0/24")).IsOk);

        Assert.Equal((403, 403), ((await upload.PutAsync("y"u8.ToArray())).Code, (await upload.GetAsync()).Code));
        Assert.Equal((RefusalReason.NetworkNotAllowed, "d1"), (host.Refusals[^1].Reason, host.Refusals[^1].Claimed));
        await UnbindAsync();
        Assert.Equal("x", (await upload.GetAsync()).Text);
    }

    private Task<Result<BindingEffect>> BindAsync(string range, bool isForced = false) =>
        host.Get<DeviceBindings>().ChangeAsync(host.Hub, DeviceId.Parse("d1"), NetworkRanges.Parse([range], out _), isForced, "policy:iothubowner", Token);

    private async Task UnbindAsync() =>
        Assert.True((await host.Get<DeviceBindings>().ChangeAsync(host.Hub, DeviceId.Parse("d1"), null, isForced: false, "policy:iothubowner", Token)).IsOk);

    private async Task RefusedAsync(string device, string key)
    {
        var driver = host.Open();
        await driver.SendAsync(DeviceDriver.Connect(device, host.TokenOf($"localhost/devices/{device}", key)));
        await driver.ExpectAsync(0x20, 2, 0, 5);
        await driver.Ended;
        Assert.Equal(RefusalReason.NetworkNotAllowed, host.Refusals[^1].Reason);
    }

    private static async Task GoesOnAsync(DeviceDriver device)
    {
        await device.SendAsync([0xc0, 0]);
        await device.ExpectAsync(0xd0, 0);
    }
}
