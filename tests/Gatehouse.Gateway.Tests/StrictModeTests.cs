using System.Text;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Identities;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Gateway.Tests.Http;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.StrictModes;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>A strict mode that is turned on ends what it no longer takes at every door, lets the rest go on, and holds for whoever comes afterwards.</summary>
public sealed class StrictModeTests : IAsyncLifetime
{
    private GatewayHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await GatewayHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task When_certificates_are_wanted_the_session_of_a_token_ends_and_that_of_a_certificate_goes_on()
    {
        var key = await host.RegisterAsync("sas");
        using var made = new PlantCertificates(host);
        await PlantCertificates.TrustAsync(host, "root", made.Root);
        await host.Get<IdentityRegistry>().PutAsync(host.Hub, "test", new IdentityInput { Key = new IdentityKey(DeviceId.Parse("x509")), Authentication = new AuthenticationInput { Type = "certificateAuthority" } }, IfMatch.Absent, Token);
        var first = await host.ConnectAsync("sas", key);
        var second = host.Open(certificate: made.Leaf("x509"));
        await second.SendAsync(DeviceDriver.Connect("x509", []));
        await second.ExpectAsync(0x20, 2, 0, 0);

        var effect = await SetAsync(new StrictnessChange { DeviceAuthentication = "x509" });

        Assert.Equal((1, 1, "sas"), (effect.LiveCount, effect.StayCount, Assert.Single(effect.Live)));
        await first.ExpectAbortAsync("its right to be connected has ended");
        Assert.Equal((RefusalReason.TokenNotAccepted, "sas"), (Assert.Single(host.Refusals).Reason, host.Refusals[0].Claimed));
        await GoesOnAsync(second);
        await RefusedAsync("sas", key, RefusalReason.TokenNotAccepted);

        await SetAsync(new StrictnessChange { DeviceAuthentication = "any" });
        await GoesOnAsync(await host.ConnectAsync("sas", key));
        await GoesOnAsync(second);
    }

    [Fact]
    public async Task When_short_tokens_are_wanted_a_session_by_a_long_one_ends_and_one_in_its_last_hour_goes_on()
    {
        var keys = new[] { await host.RegisterAsync("long"), await host.RegisterAsync("short") };
        var first = await ConnectAsync("long", keys[0], TimeSpan.FromDays(1));
        var second = await ConnectAsync("short", keys[1], TimeSpan.FromHours(1));

        var effect = await SetAsync(new StrictnessChange { MaxTokenLifetimeSeconds = 3600 });

        Assert.Equal((1, 1, "long"), (effect.LiveCount, effect.StayCount, Assert.Single(effect.Live)));
        await first.ExpectAbortAsync("its right to be connected has ended");
        await GoesOnAsync(second);
        await RefusedAsync("long", keys[0], RefusalReason.TokenLifetimeTooLong, TimeSpan.FromSeconds(3901));
        await GoesOnAsync(await ConnectAsync("long", keys[0], TimeSpan.FromSeconds(3900)));
    }

    [Fact]
    public async Task Over_AMQP_and_HTTPS_the_same_holds()
    {
        var key = await host.RegisterAsync("d1");
        await using var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        Assert.Null(await device.AttachAsync(2, "/devices/d1/messages/events"));
        await using var door = await HttpDoor.OpenAsync(host);

        // It is the only one that is connected.
        await SetAsync(new StrictnessChange { DeviceAuthentication = "x509" }, isForced: true);

        Assert.Equal(AmqpConditions.UnauthorizedAccess, (await device.ExpectDetachAsync()).Error!.Condition);
        Assert.Equal((RefusalReason.TokenNotAccepted, "d1"), (Assert.Single(host.Refusals).Reason, host.Refusals[0].Claimed));
        Assert.Equal(401, await device.PutTokenAsync("d1", key));
        var refusals = host.Refusals.Count;
        var answer = await door.AskAsync("GET", "/devices/d1/messages/devicebound?api-version=2021-04-12", Encoding.ASCII.GetString(host.TokenOf("localhost/devices/d1", key)));
        Assert.Equal(401, (int)answer.Status);
        Assert.Equal((RefusalReason.TokenNotAccepted, "https"), (host.Refusals[refusals].Reason, host.Refusals[refusals].Protocol));
    }

    [Fact]
    public async Task A_device_that_connects_while_the_mode_is_turned_on_does_not_stay()
    {
        // However the two meet: the session is refused, or is ended.
        var key = await host.RegisterAsync("d1");
        for (var i = 0; i < 20; i++)
        {
            var driver = host.Open();
            var turning = Task.Run(() => SetAsync(new StrictnessChange { DeviceAuthentication = "x509" }, isForced: true), Token);
            await driver.SendAsync(DeviceDriver.Connect("d1", host.TokenOf("localhost/devices/d1", key)));
            await turning;

            await driver.Ended;
            await SetAsync(new StrictnessChange { DeviceAuthentication = "any" });
        }
    }

    private async Task<StrictnessEffect> SetAsync(StrictnessChange change, bool isForced = false)
    {
        var caller = new Principal { Hub = host.Hub, PolicyName = "iothubowner", Rights = Rights.Owner, Method = AuthenticationMethod.PolicyKey, Credential = "primaryKey", ExpiresAt = host.Time.GetUtcNow().AddMinutes(10) };
        var done = await host.Get<StrictModeRules>().ChangeAsync(caller, change, IfMatch.Absent, isForced, "policy:iothubowner", Token);
        Assert.True(done.IsOk, done.Error?.Message);
        return done.Value;
    }

    private async Task<DeviceDriver> ConnectAsync(string device, string key, TimeSpan life)
    {
        var driver = host.Open();
        await driver.SendAsync(DeviceDriver.Connect(device, host.TokenOf($"localhost/devices/{device}", key, life: life)));
        await driver.ExpectAsync(0x20, 2, 0, 0);
        return driver;
    }

    private async Task RefusedAsync(string device, string key, RefusalReason reason, TimeSpan? life = null)
    {
        var driver = host.Open();
        await driver.SendAsync(DeviceDriver.Connect(device, host.TokenOf($"localhost/devices/{device}", key, life: life)));
        await driver.ExpectAsync(0x20, 2, 0, 5);
        await driver.Ended;
        Assert.Equal(reason, host.Refusals[^1].Reason);
    }

    private static async Task GoesOnAsync(DeviceDriver device)
    {
        await device.SendAsync([0xc0, 0]);
        await device.ExpectAsync(0xd0, 0);
    }
}
