using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Twins over REST: the document letter by letter, conditions, bulk calls, and what is refused.</summary>
public sealed partial class TwinTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";

    [Fact]
    public async Task The_twin_of_a_new_device()
    {
        await DeviceAsync("twin-1");

        var read = await api.AskAsOwnerAsync("GET", $"/twins/twin-1{Version}");

        Assert.Equal(200, read.Code);
        Assert.Equal(
            """{"deviceId":"twin-1","modelId":"","etag":"E","deviceEtag":"E","version":2,"status":"enabled","statusReason":null,"statusUpdateTime":"0001-01-01T00:00:00Z","connectionState":"Disconnected","lastActivityTime":"0001-01-01T00:00:00Z","cloudToDeviceMessageCount":0,"authenticationType":"sas","x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"tags":{},"properties":{"desired":{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1},"reported":{"$metadata":{"$lastUpdated":"0001-01-01T00:00:00Z"},"$version":1}},"capabilities":{"iotEdge":false}}""",
            ETags().Replace(read.Body, "${name}\":\"E\""));
        Assert.Equal("application/json; charset=utf-8", read.Header("Content-Type"));
        Assert.Equal($"\"{Parse(read.Body)["etag"]}\"", read.Header("ETag"));
    }

    [Fact]
    public async Task The_twin_of_a_module_is_its_own()
    {
        await DeviceAsync("twin-2");
        Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", $"/devices/twin-2/modules/m1{Version}", """{"deviceId":"twin-2","moduleId":"m1"}""")).Code);

        var written = await api.AskAsOwnerAsync("PATCH", $"/twins/twin-2/modules/m1{Version}", """{"properties":{"desired":{"a":1.0}}}""");

        Assert.Equal("m1", (string?)Parse(written.Body)["moduleId"]);
        Assert.StartsWith("""{"a":1.0,"$metadata":""", Parse(written.Body)["properties"]!["desired"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Null(Parse((await api.AskAsOwnerAsync("GET", $"/twins/twin-2{Version}")).Body)["properties"]!["desired"]!["a"]);
        ErrorShape.Check(await api.AskAsOwnerAsync("GET", $"/twins/twin-2/modules/none{Version}"), 404, "DeviceNotFound"); // as the service
    }

    [Fact]
    public async Task If_Match_decides_whether_a_write_happens()
    {
        await DeviceAsync("twin-3");
        var etag = (await api.AskAsOwnerAsync("GET", $"/twins/twin-3{Version}")).Header("ETag")!;

        var first = await api.AskAsOwnerAsync("PATCH", $"/twins/twin-3{Version}", """{"tags":{"a":1}}""", etag);
        Assert.Equal(200, first.Code);
        ErrorShape.Check(await api.AskAsOwnerAsync("PATCH", $"/twins/twin-3{Version}", """{"tags":{"a":2}}""", etag), 412, "PreconditionFailed");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/twins/twin-3{Version}", """{"tags":{"a":2}}""", etag), 412, "PreconditionFailed");
        foreach (var condition in new[] { null, "*", "\"*\"", first.Header("ETag")!.Trim('"') })
        {
            Assert.Equal(200, (await api.AskAsOwnerAsync("PATCH", $"/twins/twin-3{Version}", """{"tags":{}}""", condition == first.Header("ETag")!.Trim('"') ? (await api.AskAsOwnerAsync("GET", $"/twins/twin-3{Version}")).Header("ETag")!.Trim('"') : condition)).Code);
        }
    }

    [Theory]
    [InlineData("""{"tags":[]}""", 400, "ArgumentInvalid")]
    [InlineData("""{"properties":{"desired":7}}""", 400, "ArgumentInvalid")]
    [InlineData("""{"tags":{"a.b":1}}""", 400, "ArgumentInvalid")]
    [InlineData("""{"tags":{"a":1,"a":1}}""", 400, "ArgumentInvalid")]
    [InlineData("""{"tags":{"a":"\u0000"}}""", 400, "ArgumentInvalid")]
    [InlineData("""{"statusReason":"\ud800"}""", 400, "ArgumentInvalid")]
    [InlineData("""{"tags":""", 400, "ArgumentInvalid")]
    [InlineData("[]", 400, "ArgumentInvalid")]
    [InlineData("", 400, "ArgumentNull")]
    public async Task A_body_that_is_no_twin_is_refused(string body, int code, string name)
    {
        await DeviceAsync("twin-4");

        ErrorShape.Check(await api.AskAsOwnerAsync("PATCH", $"/twins/twin-4{Version}", body), code, name);
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/twins/twin-4{Version}", body), code, name);
        Assert.Equal(2, (int)Parse((await api.AskAsOwnerAsync("GET", $"/twins/twin-4{Version}")).Body)["version"]!);
    }

    [Fact]
    public async Task A_depth_bomb_and_a_section_too_large_are_refused()
    {
        await DeviceAsync("twin-5");
        var bomb = "{\"tags\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "1" + new string('}', 100_001);

        ErrorShape.Check(await api.AskAsOwnerAsync("PATCH", $"/twins/twin-5{Version}", bomb), 400, "ArgumentInvalid");
        ErrorShape.Check(await api.AskAsOwnerAsync("PATCH", $"/twins/twin-5{Version}", $$"""{"tags":{"a":"{{new string('x', 4_096)}}","b":"{{new string('x', 4_096)}}"} }"""), 413, "MessageTooLarge");
    }

    [Fact]
    public async Task A_bulk_call_writes_twins_alone_under_conditions_and_with_new_identities()
    {
        await DeviceAsync("bulk-1");
        await DeviceAsync("bulk-2");
        var etag = (string)Parse((await api.AskAsOwnerAsync("GET", $"/twins/bulk-2{Version}")).Body)["etag"]!;

        var result = await BulkAsync("""
            [{"id":"bulk-1","importMode":"updateTwin","status":"enabled","tags":{"a":1},"properties":{"desired":{"b":2,"$version":7},"reported":{"no":1}}},
             {"id":"bulk-2","importMode":"UpdateTwinIfMatchETag","twinETag":"\"ETAG\"","tags":{"a":2}},
             {"id":"bulk-3","importMode":"create","tags":{"a":3},"properties":{"desired":{"c":3}}},
             {"id":"bulk-4","importMode":"create","tags":null,"properties":{"desired":{}}},
             {"id":"none","importMode":"updateTwin","tags":{"a":1}},
             {"id":"bulk-5","importMode":"create","tags":{"a b":1}},
             {"id":"bulk-6","importMode":"updateTwin"}]
            """.Replace("ETAG", etag, StringComparison.Ordinal));

        Assert.Equal(["none DeviceNotFound", "bulk-5 ArgumentInvalid", "bulk-6 ArgumentNull"], result["errors"]!.AsArray().Select(error => $"{error!["deviceId"]} {error["errorCode"]}"));
        Assert.False((bool)result["isSuccessful"]!);
        Assert.Equal("""1 {"b":2}""", await TwinAsync("bulk-1"));
        Assert.Equal("""2 {}""", await TwinAsync("bulk-2"));
        Assert.Equal("""3 {"c":3}""", await TwinAsync("bulk-3"));
        Assert.Equal(2, (int)Parse((await api.AskAsOwnerAsync("GET", $"/twins/bulk-4{Version}")).Body)["version"]!);
        Assert.Equal(404, (await api.AskAsOwnerAsync("GET", $"/devices/bulk-5{Version}")).Code);
    }

    [Fact]
    public async Task A_bulk_twin_under_an_old_etag_is_an_error_and_beside_an_identity_a_warning()
    {
        await DeviceAsync("bulk-7");

        var result = await BulkAsync("""[{"id":"bulk-7","importMode":"updateTwinIfMatchETag","twinETag":"AAAAAAAAAAE=","tags":{"a":1}}]""");
        Assert.Equal("PreconditionFailed", (string?)result["errors"]![0]!["errorCode"]);

        result = await BulkAsync("""[{"id":"bulk-7","importMode":"update","statusReason":"x","status":"disabled","twinETag":"AAAAAAAAAAE=","tags":{"a":1}}]""");
        Assert.Equal(("DeviceRegisteredWithoutTwin", true), ((string?)result["warnings"]![0]!["warningCode"], (bool)result["isSuccessful"]!));
        Assert.Equal("disabled", (string?)Parse((await api.AskAsOwnerAsync("GET", $"/twins/bulk-7{Version}")).Body)["status"]);
        Assert.Equal(" {}", await TwinAsync("bulk-7"));
    }

    private static JsonNode Parse(string body) => JsonNode.Parse(body)!;

    private async Task DeviceAsync(string id) => await api.AskAsOwnerAsync("PUT", $"/devices/{id}{Version}", $$"""{"deviceId":"{{id}}"}""");

    private async Task<JsonNode> BulkAsync(string body)
    {
        var answer = await api.AskAsOwnerAsync("POST", $"/devices{Version}", body);
        Assert.Equal(200, answer.Code);
        return Parse(answer.Body);
    }

    private async Task<string> TwinAsync(string id)
    {
        var twin = Parse((await api.AskAsOwnerAsync("GET", $"/twins/{id}{Version}")).Body);
        var desired = twin["properties"]!["desired"]!.AsObject();
        desired.Remove("$metadata");
        desired.Remove("$version");
        return $"{twin["tags"]!["a"]} {desired.ToJsonString()}";
    }

    [GeneratedRegex("(?<name>etag|deviceEtag)\":\"[^\"]+\"")]
    private static partial Regex ETags();
}
