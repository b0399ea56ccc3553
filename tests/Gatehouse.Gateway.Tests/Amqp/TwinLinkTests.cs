using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>The twin as a device sees it over the pair of AMQP links.</summary>
public sealed class TwinLinkTests : IAsyncLifetime
{
    private const string Address = "/devices/d1/twin";
    private const string Reported = "/properties/reported";
    private const string Desired = "/notifications/twin/properties/desired";

    private GatewayHost host = null!;
    private string key = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => StartAsync(new GatewayOptions());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("string")]
    [InlineData("uuid")]
    [InlineData("ulong")]
    public async Task Get_answers_both_sections_and_repeats_the_correlation_id_with_its_type(string type)
    {
        await using var device = await ConnectAsync();
        object id = type switch { "string" => "Get123", "uuid" => Guid.Parse("01234567-89ab-4def-8123-456789abcdef"), _ => 7ul };
        var encoded = new AmqpBuffer();
        new AmqpWriter(encoded).Object(id);

        await device.SendAsync(2, Request(id, "GET", body: " "), settled: true);

        var answer = await device.ReceiveAsync();
        Assert.Equal((3u, 200, """{"desired":{"$version":1},"reported":{"$version":1}}"""), (answer.Handle, answer.Status, answer.Body));
        Assert.Equal(encoded.Written.ToArray(), answer.CorrelationId);
    }

    [Fact]
    public async Task A_reported_patch_is_answered_with_its_version_and_a_get_after_it_sees_it()
    {
        await using var device = await ConnectAsync();

        await device.SendAsync(2, Request("1", "PATCH", Reported, body: """{"a":1}"""), settled: true);
        await device.SendAsync(2, Request("2", "PATCH", Reported, version: 2L, body: """{"b":{"c":null,"d":2}}"""), settled: true);
        await device.SendAsync(2, Request("3", "GET"), settled: true);

        foreach (var version in new byte[] { 2, 3 })
        {
            var answer = await device.ReceiveAsync();
            Assert.Equal((204, ""), (answer.Status, answer.Body));
            Assert.Equal([0x55, version], answer.Annotations["version"]); // long
        }

        Assert.Equal("""{"desired":{"$version":1},"reported":{"a":1,"b":{"d":2},"$version":3}}""", (await device.ReceiveAsync()).Body);
    }

    [Theory]
    [InlineData("PATCH", Reported, "{", null, 400)]
    [InlineData("PATCH", Reported, "", null, 400)]
    [InlineData("PATCH", Reported, "[1]", null, 400)]
    [InlineData("PATCH", Reported, """{"$a":1}""", null, 400)]
    [InlineData("PATCH", Reported, """{"a":1}""", 77L, 412)]
    [InlineData("PATCH", "/properties/desired", """{"a":1}""", null, 400)]
    [InlineData("PATCH", null, """{"a":1}""", null, 400)]
    [InlineData("GET", "/tags", " ", null, 400)]
    [InlineData("PUT", Reported, """{"a":1}""", null, 400)]
    [InlineData("POST", Desired, " ", null, 400)]
    [InlineData(null, null, " ", null, 400)]
    public async Task A_bad_request_is_answered_with_a_status_and_a_code_and_the_links_stay(string? operation, string? resource, string body, long? version, int status)
    {
        await using var device = await ConnectAsync();

        await device.SendAsync(2, Request("9", operation, resource, version, body), settled: true);

        var answer = await device.ReceiveAsync();
        Assert.Equal(status, answer.Status);
        using var json = JsonDocument.Parse(answer.Body!);
        Assert.Equal(status, json.RootElement.GetProperty("errorCode").GetInt32() / 1000);
        Assert.Equal(["errorCode", "trackingId", "message", "timestampUtc"], json.RootElement.EnumerateObject().Select(member => member.Name));
        await device.SendAsync(2, Request("10", "GET"), settled: true);
        Assert.Equal("""{"desired":{"$version":1},"reported":{"$version":1}}""", (await device.ReceiveAsync()).Body);
    }

    [Fact]
    public async Task A_patch_past_the_limit_is_413()
    {
        await using var device = await ConnectAsync();
        var large = string.Join(',', Enumerable.Range(0, 9).Select(i => $"\"k{i}\":\"{new string('x', 4000)}\""));

        await device.SendAsync(2, Request("1", "PATCH", Reported, body: $"{{{large}}}"), settled: true);

        Assert.Equal(413, (await device.ReceiveAsync()).Status);
    }

    [Fact]
    public async Task A_twin_of_the_largest_size_comes_whole()
    {
        await using var device = await ConnectAsync();
        var large = string.Join(',', Enumerable.Range(0, 8).Select(i => $"\"k{i}\":\"{new string('x', 4000)}\""));
        await UpdateAsync($"{{\"properties\":{{\"desired\":{{{large}}}}}}}");
        await device.SendAsync(2, Request("1", "PATCH", Reported, body: $"{{{large}}}"), settled: true);
        Assert.Equal(204, (await device.ReceiveAsync()).Status);

        await device.SendAsync(2, Request("2", "GET"), settled: true);

        var answer = await device.ReceiveAsync();
        Assert.True(answer.Body!.Length > 64_000);
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal(2, json.RootElement.GetProperty("reported").GetProperty("$version").GetInt32());
    }

    [Theory]
    [InlineData("no correlation id")]
    [InlineData("a long correlation id")]
    [InlineData("operation is no text")]
    [InlineData("version is no number")]
    [InlineData("a sequence")]
    [InlineData("no message")]
    public async Task What_cannot_be_answered_is_rejected_and_the_link_stays(string fault)
    {
        await using var device = await ConnectAsync();
        var bytes = fault switch
        {
            "no correlation id" => new MessageBytes().Annotations(("operation", "GET")).Data([]).ToArray(),
            "a long correlation id" => Request(new string('x', 255), "GET"),
            "operation is no text" => new MessageBytes().Annotations(("operation", 1)).Properties(null, null, null, null, null, "1").ToArray(),
            "version is no number" => new MessageBytes().Annotations(("operation", "GET"), ("version", "1")).Properties(null, null, null, null, null, "1").ToArray(),
            "a sequence" => new MessageBytes().Annotations(("operation", "GET")).Properties(null, null, null, null, null, "1").Section(Descriptors.AmqpSequence, new List<object?> { 1 }).ToArray(),
            _ => [0, 0x53],
        };

        Assert.Equal(AmqpConditions.ArgumentError, await device.ExpectRejectedAsync(await device.SendAsync(2, bytes)));

        await device.SendAsync(2, Request(new string('x', 254), "GET"), settled: true);
        Assert.Equal(200, (await device.ReceiveAsync()).Status);
    }

    [Fact]
    public async Task Desired_changes_come_in_order_without_a_correlation_id_while_they_are_observed()
    {
        await using var device = await ConnectAsync();
        await UpdateAsync("""{"properties":{"desired":{"early":1}}}""");
        for (var i = 0; i < 2; i++)
        {
            // C# asks again before each of its requests.
            await device.SendAsync(2, Request("put", "PUT", Desired), settled: true);
            Assert.Equal(204, (await device.ReceiveAsync()).Status);
        }

        await UpdateAsync("""{"properties":{"desired":{"a":1}}}""");
        await UpdateAsync("""{"properties":{"desired":{"a":null,"b":2}}}""");
        var (one, two) = (await device.ReceiveAsync(), await device.ReceiveAsync());
        Assert.Equal(("""{"a":1,"$version":3}""", """{"a":null,"b":2,"$version":4}"""), (one.Body, two.Body));
        Assert.Equal((0, 0, 0, 0), (one.CorrelationId.Length, two.CorrelationId.Length, one.Annotations.Count, two.Annotations.Count));

        await device.SendAsync(2, Request("delete", "DELETE", Desired, body: " "), settled: true);
        Assert.Equal(204, (await device.ReceiveAsync()).Status);
        await UpdateAsync("""{"properties":{"desired":{"c":3}}}""");
        await device.SendAsync(2, Request("get", "GET"), settled: true);
        Assert.Contains("\"c\":3", (await device.ReceiveAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_link_for_answers_a_patch_is_done_all_the_same()
    {
        await using var device = await OpenAsync();
        Assert.Null(await device.AttachAsync(2, Address));

        var id = await device.SendAsync(2, Request("1", "PATCH", Reported, body: """{"a":1}"""));
        await device.ExpectAcceptedAsync(id, id);

        await Eventually.TrueAsync(async () =>
            Encoding.UTF8.GetString((await host.Get<Twins>().ReadPropertiesAsync(host.Hub, new IdentityKey(DeviceId.Parse("d1")), null, Token)).Value.Span).Contains("\"a\":1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_more_requests_are_taken_than_may_be_under_way_and_all_are_answered_in_order()
    {
        await host.DisposeAsync();
        await StartAsync(new GatewayOptions { MaxTwinRequests = 2 });
        await using var device = await ConnectAsync(credit: 0);
        for (var i = 0; i < 10; i++)
        {
            await device.SendAsync(2, Request($"{i}", "PATCH", Reported, body: $$"""{"n":{{i}}}"""));
        }

        // Two wait for the credit of the other link; what follows them is not even accepted. The token had delivery 0.
        await device.ExpectAcceptedAsync(1, 2);
        await device.ExpectNothingAsync();
        await device.GiveCreditAsync(3, 100);
        for (var i = 0; i < 10; i++)
        {
            var answer = await device.ReceiveAsync(skip: Descriptors.Disposition);
            Assert.Equal((204, $"{i}"), (answer.Status, new AmqpReader(answer.CorrelationId).TryReadString(out var id) ? id : null));
        }
    }

    [Fact]
    public async Task A_device_that_does_not_read_its_desired_changes_loses_the_link_and_no_other()
    {
        await host.DisposeAsync();
        await StartAsync(new GatewayOptions { MaxUnreadBytes = 4096 });
        await using var device = await ConnectAsync(credit: 1);
        await device.SendAsync(2, Request("put", "PUT", Desired), settled: true);
        Assert.Equal(204, (await device.ReceiveAsync()).Status);

        for (var i = 0; i < 4; i++)
        {
            await UpdateAsync("""{"properties":{"desired":{"k":"value"}}}""".Replace("value", new string((char)('a' + i), 1500), StringComparison.Ordinal));
        }

        var detach = await device.ExpectDetachAsync();
        Assert.Equal((3u, AmqpConditions.DetachForced), (detach.Handle, detach.Error!.Condition));
        await device.ExpectNothingAsync();
        await device.DetachAsync(3);
        Assert.Null(await device.AttachAsync(3, Address, isReceiver: true));
        await device.GiveCreditAsync(3, 5);
        await device.SendAsync(2, Request("get", "GET"), settled: true);
        Assert.Contains("dddd", (await device.ReceiveAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_pair_takes_over_link_by_link_and_the_older_hears_nothing_more()
    {
        await using var older = await ConnectAsync();
        await older.SendAsync(2, Request("put", "PUT", Desired), settled: true);
        await older.ReceiveAsync();

        await using var newer = await ConnectAsync();
        await UpdateAsync("""{"properties":{"desired":{"a":1}}}""");

        var ended = new[] { await older.ExpectDetachAsync(), await older.ExpectDetachAsync() };
        Assert.Equal([2u, 3u], ended.Select(each => each.Handle).Order());
        Assert.All(ended, each => Assert.Equal(AmqpConditions.LinkStolen, each.Error!.Condition));
        await older.ExpectNothingAsync();
        await newer.SendAsync(2, Request("get", "GET"), settled: true);
        Assert.Contains("\"a\":1", (await newer.ReceiveAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Devices_of_one_connection_see_their_own_twins_and_a_disabled_one_loses_its_links_alone()
    {
        await host.RegisterAsync("d2");
        await using var pool = await AmqpDevice.OpenPoolAsync(host);
        await pool.AttachPairAsync(2, 3, Address);
        await pool.AttachPairAsync(4, 5, "/devices/d2/twin");
        await pool.SendAsync(2, Request("1", "PUT", Desired), settled: true);
        Assert.Equal(3u, (await pool.ReceiveAsync()).Handle);
        await pool.SendAsync(4, Request("2", "PUT", Desired), settled: true);
        Assert.Equal(5u, (await pool.ReceiveAsync()).Handle);

        await UpdateAsync("""{"properties":{"desired":{"secret":1}}}""", "d2");
        var change = await pool.ReceiveAsync();
        await pool.SendAsync(2, Request("3", "GET"), settled: true);
        var answer = await pool.ReceiveAsync();

        Assert.Equal((5u, """{"secret":1,"$version":2}"""), (change.Handle, change.Body));
        Assert.Equal((3u, """{"desired":{"$version":1},"reported":{"$version":1}}"""), (answer.Handle, answer.Body));
        await host.RegisterAsync("d1", "disabled", IfMatch.Any, key);
        var ended = new[] { await pool.ExpectDetachAsync(), await pool.ExpectDetachAsync() };
        Assert.Equal([2u, 3u], ended.Select(each => each.Handle).Order());
        Assert.All(ended, each => Assert.Equal(AmqpConditions.UnauthorizedAccess, each.Error!.Condition));
        await pool.SendAsync(4, Request("4", "GET"), settled: true);
        Assert.Contains("secret", (await pool.ReceiveAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_has_a_twin_of_its_own()
    {
        var module = new IdentityInput { Key = new IdentityKey(DeviceId.Parse("d1"), ModuleId.Parse("m1")) };
        Assert.True((await host.Get<IdentityRegistry>().PutAsync(host.Hub, "policy:iothubowner", module, IfMatch.Absent, Token)).IsOk);
        await using var pool = await AmqpDevice.OpenPoolAsync(host);
        await pool.AttachPairAsync(2, 3, "amqps://localhost:5671/devices/d%31/modules/m1/twin");
        await pool.AttachPairAsync(4, 5, Address);

        await pool.SendAsync(2, Request("1", "PATCH", Reported, body: """{"m":1}"""), settled: true);
        Assert.Equal((3u, 204), ((await pool.ReceiveAsync()) is var done ? done.Handle : 0, done.Status));
        await pool.SendAsync(4, Request("2", "GET"), settled: true);

        Assert.DoesNotContain("\"m\"", (await pool.ReceiveAsync()).Body, StringComparison.Ordinal);
    }

    private static byte[] Request(object correlation, string? operation, string? resource = null, long? version = null, string? body = null)
    {
        var annotations = new List<(string, object?)>();
        if (operation is not null)
        {
            annotations.Add(("operation", operation));
        }

        if (resource is not null)
        {
            // C# names the version though it has none.
            annotations.AddRange([("resource", resource), ("version", version)]);
        }

        var message = new MessageBytes().Annotations([.. annotations]).Properties(null, null, null, null, null, correlation);
        return (body is null ? message : message.Data(Encoding.UTF8.GetBytes(body))).ToArray();
    }

    private async ValueTask StartAsync(GatewayOptions options)
    {
        host = await GatewayHost.StartAsync(options: options);
        key = await host.RegisterAsync("d1");
    }

    private async Task<AmqpDevice> OpenAsync()
    {
        var device = await AmqpDevice.OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync("d1", key));
        return device;
    }

    // Requests leave on handle 2, answers come on handle 3.
    private async Task<AmqpDevice> ConnectAsync(uint credit = 100)
    {
        var device = await OpenAsync();
        await device.AttachPairAsync(2, 3, Address, credit);
        return device;
    }

    private async Task UpdateAsync(string patch, string device = "d1")
    {
        var updated = await host.Get<Twins>().UpdateAsync(
            host.Hub, "policy:service", new IdentityKey(DeviceId.Parse(device)), TwinUpdate.Patch(Encoding.UTF8.GetBytes(patch)).Value, IfMatch.Absent, Token);
        Assert.True(updated.IsOk, updated.Error?.Message);
    }
}
