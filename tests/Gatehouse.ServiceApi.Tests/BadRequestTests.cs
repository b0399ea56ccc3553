using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Whatever is wrong with a request is the service's error, never a 500, and nothing is half written.</summary>
public sealed class BadRequestTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";

    [Theory]
    [InlineData("{\"deviceId\":\"bad\"", 400, "IotHubFormatError")]
    [InlineData("", 400, "ArgumentNull")]
    [InlineData("null", 400, "ArgumentNull")]
    [InlineData("[]", 400, "IotHubFormatError")]
    [InlineData("\"bad\"", 400, "IotHubFormatError")]
    [InlineData("{\"deviceId\":\"bad\"} x", 400, "IotHubFormatError")]
    [InlineData("{\"deviceId\":\"bad\",\"deviceId\":\"bad\"}", 400, "IotHubFormatError")]
    [InlineData("{\"deviceId\":\"bad\",\"DEVICEID\":\"bad\"}", 400, "IotHubFormatError")]
    [InlineData("{\"deviceId\":7}", 400, "IotHubFormatError")]
    [InlineData("{\"deviceId\":\"bad\",\"status\":{}}", 400, "IotHubFormatError")]
    [InlineData("{\"deviceId\":\"\\ud800\"}", 400, "IotHubFormatError")]
    [InlineData("{\"\\ud800\":\"x\",\"deviceId\":\"bad\"}", 400, "IotHubFormatError")]
    [InlineData("{}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"other\"}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"bad\",\"status\":\"asleep\"}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"bad\",\"status\":\"disabled\",\"statusReason\":\"a\\u0000b\"}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"bad\",\"authentication\":{\"type\":\"password\"}}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"bad\",\"authentication\":{\"type\":\"none\"}}", 400, "DeviceAuthenticationTypeIsMissing")]
    [InlineData("{\"deviceId\":\"bad\",\"authentication\":{\"symmetricKey\":{\"primaryKey\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}}}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"bad\",\"authentication\":{\"symmetricKey\":{\"primaryKey\":\"!\",\"secondaryKey\":\"!\"}}}", 400, "ArgumentInvalid")]
    [InlineData("{\"deviceId\":\"bad\",\"authentication\":{\"type\":\"selfSigned\",\"x509Thumbprint\":{\"primaryThumbprint\":\"aa:bb\"}}}", 400, "StringIsNotThumbprint")]
    public async Task A_bad_body_is_refused_and_no_device_is_made(string body, int status, string code)
    {
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", body), status, code);

        Assert.Equal(404, (await api.AskAsOwnerAsync("GET", $"/devices/bad{Version}")).Code);
    }

    [Fact]
    public async Task A_body_at_the_limit_is_read_and_one_byte_more_is_too_large()
    {
        var limit = new ServiceApiOptions().MaxBodyBytes;
        const string start = """{"deviceId":"other","x":""" + "\"";
        string Body(int size) => start + new string('a', size - start.Length - 2) + "\"}";

        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", Body(limit)), 400, "ArgumentInvalid");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", Body(limit + 1)), 413, "GenericRequestEntityTooLarge");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", Body(limit + 1), change: request => request.Headers.TransferEncodingChunked = true), 413, "GenericRequestEntityTooLarge");
    }

    [Fact]
    public async Task Json_at_the_depth_limit_is_read_and_one_deeper_is_refused()
    {
        static string Body(int depth) => "{\"deviceId\":\"other\",\"x\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";
        var limit = new ServiceApiOptions().MaxJsonDepth;

        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", Body(limit)), 400, "ArgumentInvalid");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", Body(limit + 1)), 400, "IotHubFormatError");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", Body(100_000)), 400, "IotHubFormatError");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task A_body_that_says_it_is_not_json_is_refused(string type) => ErrorShape.Check(
        await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", "{\"deviceId\":\"bad\"}", change: request =>
        {
            request.Content!.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }),
        415,
        "GenericUnsupportedMediaType");

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_refused() => ErrorShape.Check(
        await api.AskAsOwnerAsync("PUT", $"/devices/bad{Version}", "x", change: request =>
        {
            request.Content = new ByteArrayContent([.. "{\"deviceId\":\"bad\",\"statusReason\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }),
        400,
        "IotHubFormatError");

    [Theory]
    [InlineData("POST", "/devices", "[{\"id\":\"bad\",\"tags\":{\"a\":\"§\"}}]")]
    [InlineData("POST", "/devices", "[{\"id\":\"bad\",\"properties\":{\"desired\":{\"§\":1}}}]")]
    [InlineData("PUT", "/jobs/v2/bad", "{\"jobId\":\"bad\",\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"*\",\"updateTwin\":{\"tags\":{\"a\":\"§\"}}}")]
    [InlineData("POST", "/devices", "[{\"id\":\"bad\",\"tags\":{\"a\":1,\"a\":2}}]")]
    [InlineData("PUT", "/jobs/v2/bad", "{\"jobId\":\"bad\",\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"*\",\"updateTwin\":{\"tags\":{\"a\":1,\"a\":2}}}")]
    public async Task A_twin_in_a_body_is_utf8_and_has_no_name_twice(string method, string path, string body)
    {
        ErrorShape.Check(
            await api.AskAsOwnerAsync(method, $"{path}{Version}", "x", change: request =>
            {
                // A section sign is two bytes in UTF-8; in Latin-1 its one byte is no UTF-8.
                request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }),
            400,
            "IotHubFormatError");

        Assert.Equal(404, (await api.AskAsOwnerAsync("GET", $"/devices/bad{Version}")).Code);
    }

    [Theory]
    [InlineData("GET", "/devices", 400, "InvalidProtocolVersion")]
    [InlineData("GET", "/devices?api-version=", 400, "InvalidProtocolVersion")]
    [InlineData("GET", "/devices?api-version=2021-04-12&top=ten", 400, "ArgumentInvalid")]
    [InlineData("PATCH", "/devices/d?api-version=2021-04-12", 405, "GenericMethodNotAllowed")]
    [InlineData("GET", "/devices/a/b/c/d?api-version=2021-04-12", 404, "GenericNotFound")]
    [InlineData("GET", "/gatehouse/v1/nothing", 404, "GenericNotFound")]
    [InlineData("GET", "/gatehouse/v1/events?from=yesterday", 400, "ArgumentInvalid")]
    [InlineData("GET", "/gatehouse/v1/events?from=sequence:1", 400, "ArgumentInvalid")]
    [InlineData("GET", "/gatehouse/v1/events?partition=-1", 400, "ArgumentInvalid")]
    [InlineData("GET", "/gatehouse/v1/events?max=0", 400, "ArgumentInvalid")]
    [InlineData("GET", "/gatehouse/v1/events?module=m", 400, "ArgumentInvalid")]
    [InlineData("GET", "/gatehouse/v1/events?consumerGroup=none", 404, "GenericNotFound")]
    [InlineData("GET", "/gatehouse/v1/events?consumerGroup=%00", 404, "GenericNotFound")]
    [InlineData("GET", "/gatehouse/v1/audit?after=x", 400, "ArgumentInvalid")]
    [InlineData("GET", "/gatehouse/v1/refusals?max=1001", 400, "ArgumentInvalid")]
    public async Task A_bad_address_or_query_is_said_so(string method, string path, int status, string code) => ErrorShape.Check(await api.AskAsOwnerAsync(method, path), status, code);

    [Theory]
    [InlineData("GET /devices/%zz?api-version=x HTTP/1.1")]
    [InlineData("GET /devices/%ff%fe?api-version=x HTTP/1.1")]
    [InlineData("GET /devices/a%00b?api-version=x HTTP/1.1")]
    [InlineData("GET /%?api-version=x HTTP/1.1")]
    public async Task A_path_that_is_no_percent_encoded_utf8_is_refused(string line)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(api.Address.Host, api.Address.Port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(socket.GetStream());

        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(128, 200)]
    [InlineData(129, 400)]
    public async Task A_device_id_has_at_most_128_characters(int length, int status)
    {
        var id = new string('d', length);

        Assert.Equal(status, (await api.AskAsOwnerAsync("PUT", $"/devices/{id}{Version}", $$"""{"deviceId":"{{id}}"}""")).Code);
    }

    [Theory]
    [InlineData("-:.+%_#*?!(),=@;$'", 200)]
    [InlineData("a b", 400)]
    [InlineData("ä", 400)]
    [InlineData("a\"b", 400)]
    [InlineData("a&b", 400)]
    public async Task A_device_id_has_the_documented_letters(string id, int status)
    {
        var answer = await api.AskAsOwnerAsync("PUT", $"/devices/{Uri.EscapeDataString(id)}{Version}", JsonSerializer.Serialize(new { deviceId = id }));

        Assert.Equal(status, answer.Code);
    }

    [Theory]
    [InlineData(null, 409, "DeviceAlreadyExists")]
    [InlineData("", 409, "DeviceAlreadyExists")]
    [InlineData("\"wrong\"", 412, "PreconditionFailed")]
    [InlineData("wrong", 412, "PreconditionFailed")]
    [InlineData("W/\"wrong\"", 412, "PreconditionFailed")]
    [InlineData("\"", 412, "PreconditionFailed")]
    [InlineData("\"a\", \"b\"", 412, "PreconditionFailed")]
    [InlineData("129", 400, "ArgumentInvalid")]
    public async Task An_etag_that_does_not_fit_changes_nothing(string? ifMatch, int status, string code)
    {
        await api.AskAsOwnerAsync("PUT", $"/devices/tagged{Version}", """{"deviceId":"tagged"}""");
        var before = await api.AskAsOwnerAsync("GET", $"/devices/tagged{Version}");

        var answer = await api.AskAsOwnerAsync("PUT", $"/devices/tagged{Version}", """{"deviceId":"tagged","status":"disabled"}""", ifMatch == "129" ? new string('e', 129) : ifMatch);

        ErrorShape.Check(answer, status, code);
        Assert.Equal(before.Body, (await api.AskAsOwnerAsync("GET", $"/devices/tagged{Version}")).Body);
    }

    [Fact]
    public async Task One_unreadable_item_refuses_a_bulk_call_and_no_item_is_done()
    {
        const string good = """{"id":"bulk-1","importMode":"create"}""";
        foreach (var (bad, code) in new[] { ("null", "ArgumentNull"), ("""{"id":"a b"}""", "ArgumentInvalid"), ("""{"id":"x","importMode":"7"}""", "ArgumentInvalid"), (good, "DeviceDefinedMultipleTimes"), ("""{"id":"x","moduleId":"a b"}""", "ArgumentInvalid") })
        {
            ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/devices{Version}", $"[{good},{bad}]"), 400, code);
        }

        Assert.Equal(404, (await api.AskAsOwnerAsync("GET", $"/devices/bulk-1{Version}")).Code);
    }

    [Theory]
    [InlineData(100, 200)]
    [InlineData(101, 413)]
    public async Task A_bulk_call_has_at_most_a_hundred_items(int count, int status)
    {
        var items = Enumerable.Range(0, count).Select(number => $$"""{"id":"many-{{number}}","importMode":"createOrUpdate"}""");

        Assert.Equal(status, (await api.AskAsOwnerAsync("POST", $"/devices{Version}", $"[{string.Join(',', items)}]")).Code);
    }
}
