using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>Direct methods over the pair of AMQP links: what SDKs read of a request, what they may answer, and who is asked.</summary>
public sealed class MethodLinkTests : IAsyncLifetime
{
    private const string Address = "/devices/d1/methods/devicebound";

    private GatewayHost host = null!;
    private string key = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await GatewayHost.StartAsync();
        key = await host.RegisterAsync("d1");

        // Known from now on without a read: a call is under way before CallAsync returns, and the clock may be moved.
        await CallAsync();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_request_has_a_uuid_its_name_and_a_data_body_also_without_a_payload()
    {
        await using var device = await ConnectAsync();

        var call = CallAsync(payload: """{ "after": 5 }""");
        var request = await device.ReceiveAsync();
        await AnswerAsync(device, request, -7, """{"ok":true}""");
        var bare = CallAsync();
        var second = await device.ReceiveAsync();
        await AnswerAsync(device, second, 200, "");

        Assert.Equal((0x98, 17), (request.CorrelationId[0], request.CorrelationId.Length));
        Assert.Equal("reboot", new AmqpReader(request.Application["IoThub-methodname"]).TryReadString(out var name) ? name : null);
        Assert.Equal((3u, """{ "after": 5 }"""), (request.Handle, request.Body));
        Assert.Equal((-7, """{"ok":true}"""), await ValueAsync(call));
        Assert.Equal("null", second.Body);
        Assert.Equal((200, "null"), await ValueAsync(bare));
    }

    [Theory]
    [InlineData("uuid", "int")]
    [InlineData("string", "long")]
    [InlineData("binary", "text")]
    [InlineData("string", "uint")]
    public async Task An_answer_may_name_its_request_and_its_status_as_SDKs_do(string id, string status)
    {
        await using var device = await ConnectAsync();
        var call = CallAsync();
        var guid = IdOf(await device.ReceiveAsync());
        object correlation = id switch { "uuid" => guid, "string" => guid.ToString(), _ => guid.ToByteArray(bigEndian: true) };
        object number = status switch { "int" => 202, "long" => 202L, "uint" => 202u, _ => "202" };

        var delivery = await device.SendAsync(2, AnswerBytes(correlation, number).Data("[1,"u8.ToArray()).Data("2]"u8.ToArray()).ToArray());

        Assert.Equal((202, "[1,2]"), await ValueAsync(call));
        await device.ExpectAcceptedAsync(delivery, delivery);
    }

    [Fact]
    public async Task Methods_begin_when_both_links_are_there_and_end_with_either()
    {
        await using var device = await OpenAsync();
        for (uint round = 0; round < 2; round++)
        {
            var (first, second) = round == 0 ? (2u, 3u) : (3u, 2u);
            Assert.Null(await device.AttachAsync(first, Address, isReceiver: first == 3));
            Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync()).Error);
            Assert.Null(await device.AttachAsync(second, Address, isReceiver: second == 3));
            await device.GiveCreditAsync(3, 5);
            var call = CallAsync();
            await device.ReceiveAsync();

            await device.DetachAsync(first);
            await device.ExpectDetachAsync();

            Assert.Equal(HubErrors.GatewayTimeout.Code, (await call).Error!.Code);
            Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync()).Error);
            await device.DetachAsync(second);
            await device.ExpectDetachAsync();
        }
    }

    [Fact]
    public async Task A_caller_that_waits_for_the_device_is_served_though_the_device_gives_its_credit_late()
    {
        var call = CallAsync(connect: 30);
        await using var device = await ConnectAsync(credit: 0);
        await device.ExpectNothingAsync();

        await device.GiveCreditAsync(3, 1);
        await AnswerAsync(device, await device.ReceiveAsync(), 200, "1");

        Assert.Equal((200, "1"), await ValueAsync(call));
    }

    [Fact]
    public async Task A_device_never_hears_of_a_caller_that_has_given_up()
    {
        await using var device = await ConnectAsync(credit: 0);
        var late = CallAsync("late", response: 5);
        host.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HubErrors.GatewayTimeout, (await late).Error);
        var call = CallAsync("next");

        await device.GiveCreditAsync(3, 5);

        var request = await device.ReceiveAsync();
        Assert.Equal("next", NameOf(request));
        await AnswerAsync(device, request, 200, "1");
        Assert.Equal((200, "1"), await ValueAsync(call));
    }

    [Fact]
    public async Task A_device_that_gives_no_credit_gets_no_more_requests_than_its_room_and_keeps_its_links()
    {
        await host.DisposeAsync();
        host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxUnreadBytes = 4096 });
        key = await host.RegisterAsync("d1");
        await using var device = await ConnectAsync(credit: 0);
        var payload = $"\"{new string('x', 1500)}\"";

        var calls = Enumerable.Range(0, 3).Select(_ => CallAsync(payload: payload)).ToList();
        var refused = await await Task.WhenAny(calls);

        Assert.Equal(HubErrors.DeviceMaximumInflightMethodExceeded.Code, refused.Error!.Code);
        await device.GiveCreditAsync(3, 10);
        for (var i = 0; i < 2; i++)
        {
            await AnswerAsync(device, await device.ReceiveAsync(), 200, "1");
        }

        Assert.Equal(2, (await Task.WhenAll(calls)).Count(each => each.IsOk));
    }

    [Theory]
    [InlineData("no correlation id")]
    [InlineData("another word")]
    [InlineData("no status")]
    [InlineData("status is no number")]
    [InlineData("a sequence")]
    [InlineData("no message")]
    public async Task An_answer_that_cannot_be_read_is_rejected_and_a_better_one_may_follow(string fault)
    {
        await using var device = await ConnectAsync();
        var call = CallAsync();
        var request = await device.ReceiveAsync();
        var id = IdOf(request);
        var bytes = fault switch
        {
            "no correlation id" => AnswerBytes(null, 200).ToArray(),
            "another word" => AnswerBytes("x", 200).ToArray(),
            "no status" => new MessageBytes().Properties(null, null, null, null, null, id).ToArray(),
            "status is no number" => AnswerBytes(id, "ok").ToArray(),
            "a sequence" => AnswerBytes(id, 200).Section(Descriptors.AmqpSequence, new List<object?> { 1 }).ToArray(),
            _ => [0, 0x53],
        };

        var condition = await device.ExpectRejectedAsync(await device.SendAsync(2, bytes));

        Assert.Equal(AmqpConditions.ArgumentError, condition);
        Assert.False(call.IsCompleted);
        await AnswerAsync(device, request, 200, "1");
        Assert.Equal((200, "1"), await ValueAsync(call));
    }

    [Fact]
    public async Task An_answer_that_is_too_large_or_no_JSON_is_taken_and_told_to_the_caller()
    {
        await using var device = await ConnectAsync();
        foreach (var (body, error) in new[] { ($"\"{new string('x', 128 * 1024)}\"", "GenericBadGateway"), ("{", "GenericBadGateway") })
        {
            var call = CallAsync();
            var request = await device.ReceiveAsync();
            var delivery = await device.SendAsync(2, AnswerBytes(IdOf(request), 200).Data(Encoding.UTF8.GetBytes(body)).ToArray());
            Assert.Equal(error, (await call).Error?.Name);
            await device.ExpectAcceptedAsync(delivery, delivery);
        }
    }

    [Fact]
    public async Task A_newer_pair_takes_over_link_by_link_and_the_outstanding_call_fails_at_once()
    {
        await using var older = await ConnectAsync();
        var lost = CallAsync();
        await older.ReceiveAsync();

        await using var newer = await ConnectAsync();

        Assert.Equal("GatewayTimeout", (await lost).Error!.Name);
        var (first, second) = (await older.ExpectDetachAsync(), await older.ExpectDetachAsync());
        Assert.Equal([2u, 3u], new[] { first.Handle, second.Handle }.Order());
        Assert.Equal((AmqpConditions.LinkStolen, AmqpConditions.LinkStolen), (first.Error!.Condition, second.Error!.Condition));
        var call = CallAsync();
        await AnswerAsync(newer, await newer.ReceiveAsync(), 200, "1");
        Assert.Equal((200, "1"), await ValueAsync(call));
    }

    [Fact]
    public async Task An_MQTT_session_takes_the_methods_from_the_links_and_the_links_from_the_session()
    {
        await using var links = await ConnectAsync();
        var session = await host.ConnectAsync("d1", key);
        await session.SubscribeAsync("$iothub/methods/POST/#");

        Assert.Equal(AmqpConditions.LinkStolen, (await links.ExpectDetachAsync()).Error!.Condition);
        Assert.Equal(AmqpConditions.LinkStolen, (await links.ExpectDetachAsync()).Error!.Condition);

        await using var newer = await ConnectAsync();
        await session.ExpectAbortAsync("newer connection");
        var call = CallAsync();
        await AnswerAsync(newer, await newer.ReceiveAsync(), 200, "1");
        Assert.Equal((200, "1"), await ValueAsync(call));
    }

    [Fact]
    public async Task Devices_of_one_connection_are_asked_and_answer_for_themselves_alone()
    {
        await host.RegisterAsync("d2");
        await using var pool = await AmqpDevice.OpenPoolAsync(host);
        await pool.AttachPairAsync(2, 3, Address);
        await pool.AttachPairAsync(4, 5, "/devices/d2/methods/devicebound");

        var call = CallAsync();
        var request = await pool.ReceiveAsync();
        Assert.Equal(3u, request.Handle);
        await AnswerAsync(pool, request, 1, "1", handle: 4);
        Assert.False(call.IsCompleted);
        await AnswerAsync(pool, request, 2, "2");

        Assert.Equal((2, "2"), await ValueAsync(call));
        await host.RegisterAsync("d1", "disabled", IfMatch.Any, key);
        var ended = new[] { await pool.ExpectDetachAsync(), await pool.ExpectDetachAsync() };
        Assert.Equal([2u, 3u], ended.Select(each => each.Handle).Order());
        Assert.All(ended, each => Assert.Equal(AmqpConditions.UnauthorizedAccess, each.Error!.Condition));
        var other = CallAsync(device: "d2");
        var asked = await pool.ReceiveAsync();
        Assert.Equal(5u, asked.Handle);
        await AnswerAsync(pool, asked, 200, "1", handle: 4);
        Assert.Equal((200, "1"), await ValueAsync(other));
    }

    [Fact]
    public async Task A_module_has_methods_of_its_own_and_ids_are_read_raw_and_encoded()
    {
        await host.RegisterAsync("a%41");
        var module = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("a%41"), ModuleId.Parse("m1")) };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub, "policy:iothubowner", module, IfMatch.Absent, Token)).IsOk);
        await using var pool = await AmqpDevice.OpenPoolAsync(host);

        // Raw as Node writes it, encoded as C# does: a pooled connection may name both readings, this hub has one of them.
        await pool.AttachPairAsync(2, 3, "/devices/a%2541/modules/m1/methods/deviceBound");
        var call = CallAsync(device: "a%41", module: "m1");
        await AnswerAsync(pool, await pool.ReceiveAsync(), 200, "1");

        Assert.Equal((200, "1"), await ValueAsync(call));
        Assert.Equal(HubErrors.DeviceNotOnline, (await CallAsync(device: "a%41")).Error);
        await using var own = await AmqpDevice.OpenAsync(host);
        var ownKey = (await host.Get<IdentityRegistry>().GetAsync(host.Hub, new IdentityKey(DeviceId.Parse("a%41")), Token)).Value.PrimaryKey!;
        Assert.Equal(200, await own.PutTokenAsync("a%41", ownKey));
        await own.AttachPairAsync(2, 3, "/devices/a%41/methods/devicebound");
        var deviceCall = CallAsync(device: "a%41");
        await AnswerAsync(own, await own.ReceiveAsync(), 201, "1");
        Assert.Equal((201, "1"), await ValueAsync(deviceCall));
    }

    [Fact]
    public async Task The_model_id_of_a_link_on_which_the_device_sends_is_kept_in_its_twin()
    {
        await using var device = await OpenAsync();
        var properties = new AmqpMap();
        properties.AddSymbol("com.microsoft:model-id", "dtmi:com:example;2");

        Assert.Null(await device.AttachAsync(2, Address, properties: properties));

        var twin = await host.Get<Twins>().GetAsync(host.Hub, new IdentityKey(DeviceId.Parse("d1")), Token);
        Assert.Equal("dtmi:com:example;2", twin.Value.ModelId);
    }

    private static MessageBytes AnswerBytes(object? correlation, object? status) => new MessageBytes().Properties(null, null, null, null, null, correlation).Application(("IoThub-status", status));

    private static Guid IdOf(ReceivedMessage request) => new(request.CorrelationId.AsSpan(1), bigEndian: true);

    private static string? NameOf(ReceivedMessage request) => new AmqpReader(request.Application["IoThub-methodname"]).TryReadString(out var name) ? name : null;

    private static Task<uint> AnswerAsync(AmqpDevice device, ReceivedMessage request, int status, string body, uint handle = 2) =>
        device.SendAsync(handle, AnswerBytes(IdOf(request), status).Data(Encoding.UTF8.GetBytes(body)).ToArray(), settled: true);

    private static async Task<(int Status, string Payload)> ValueAsync(Task<Result<MethodAnswer>> call)
    {
        var answer = await call;
        Assert.True(answer.IsOk, answer.Error?.Message);
        return (answer.Value.Status, Encoding.UTF8.GetString(answer.Value.Payload.Span));
    }

    private async Task<AmqpDevice> OpenAsync()
    {
        var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        return device;
    }

    // Answers leave on handle 2, requests come on handle 3.
    private async Task<AmqpDevice> ConnectAsync(uint credit = 100)
    {
        var device = await OpenAsync();
        await device.AttachPairAsync(2, 3, Address, credit);
        return device;
    }

    private async Task<Result<MethodAnswer>> CallAsync(string name = "reboot", string payload = "", int connect = 0, int response = 30, string device = "d1", string? module = null)
    {
        var call = new MethodCall(name, Encoding.UTF8.GetBytes(payload), TimeSpan.FromSeconds(connect), TimeSpan.FromSeconds(response));
        var identity = module is null ? new IdentityKey(DeviceId.Parse(device)) : new IdentityKey(DeviceId.Parse(device), ModuleId.Parse(module));
        return await host.Get<DirectMethods>().InvokeAsync(host.Hub, identity, call, Token);
    }
}
