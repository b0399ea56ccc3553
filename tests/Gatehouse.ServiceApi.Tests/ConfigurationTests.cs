using System.Text.Json.Nodes;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Configurations over REST: the document letter by letter, conditions, and what is refused.</summary>
public sealed class ConfigurationTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";

    [Fact]
    public async Task A_configuration_is_shown_as_the_service_shows_it()
    {
        var created = await api.AskAsOwnerAsync("PUT", $"/configurations/shown{Version}", Body("shown", "\"labels\":{\"a\":\"b\"},\"metrics\":{\"queries\":{\"m\":\"SELECT deviceId FROM devices WHERE tags.no='such'\"},\"results\":{\"m\":77}}"));
        var now = api.Time.GetUtcNow().UtcDateTime.ToString("O");
        var read = await api.AskAsOwnerAsync("GET", $"/configurations/shown{Version}");

        Assert.Equal((201, 200), (created.Code, read.Code));
        var etag = (string)Parse(read.Body)["etag"]!;
        Assert.Equal(($"\"{etag}\"", $"\"{etag}\""), (created.Header("ETag"), read.Header("ETag")));
        Assert.Equal(
            "{\"id\":\"shown\",\"schemaVersion\":\"1.0\",\"labels\":{\"a\":\"b\"},\"content\":{\"deviceContent\":{\"properties.desired.z\":1.50,\"properties.desired.a\":[]}},\"contentType\":\"assignment\",\"targetCondition\":\"tags.no='such'\","
            + $"\"createdTimeUtc\":\"{now}\",\"lastUpdatedTimeUtc\":\"{now}\",\"priority\":10,"
            + "\"systemMetrics\":{\"results\":{\"targetedCount\":0,\"appliedCount\":0},\"queries\":{\"targetedCount\":\"SELECT deviceId FROM devices WHERE tags.no='such'\",\"appliedCount\":\"SELECT deviceId FROM devices WHERE configurations.[[shown]].status = 'Applied'\"}},"
            + "\"metrics\":{\"results\":{\"m\":0},\"queries\":{\"m\":\"SELECT deviceId FROM devices WHERE tags.no='such'\"}},\"etag\":\"" + etag + "\"}",
            read.Body);
        Assert.Contains(JsonNode.Parse((await api.AskAsOwnerAsync("GET", $"/configurations{Version}&top=100")).Body)!.AsArray(), each => (string)each!["id"]! == "shown");
    }

    [Fact]
    public async Task Only_a_condition_in_quotes_makes_an_update()
    {
        var body = Body("conditions");
        var etag = (await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body)).Header("ETag")!;

        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body), 409, "ConfigurationAlreadyExists");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body, etag.Trim('"')), 409, "ConfigurationAlreadyExists");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body, "*"), 409, "ConfigurationAlreadyExists");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body, "\"other\""), 412, "PreconditionFailed");
        Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body, etag)).Code);
        Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body, "\"*\"")).Code);
        ErrorShape.Check(await api.AskAsOwnerAsync("DELETE", $"/configurations/conditions{Version}", ifMatch: etag), 412, "PreconditionFailed");
        Assert.Equal(204, (await api.AskAsOwnerAsync("DELETE", $"/configurations/conditions{Version}")).Code);
        ErrorShape.Check(await api.AskAsOwnerAsync("DELETE", $"/configurations/conditions{Version}"), 404, "ConfigurationNotFound");
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/conditions{Version}", body, "\"*\""), 404, "ConfigurationNotFound");
    }

    [Theory]
    [InlineData("", "ArgumentNull")]
    [InlineData("[]", "ArgumentInvalid")]
    [InlineData("""{"id":"other","content":{"deviceContent":{"properties.desired.a":1}}}""", "ArgumentInvalid")]
    [InlineData("""{"id":"bad"}""", "InvalidConfigurationContent")]
    [InlineData("""{"id":"bad","content":{"deviceContent":{"tags.a":1}}}""", "InvalidConfigurationContent")]
    [InlineData("""{"id":"bad","content":{"deviceContent":{"properties.desired.a":1}},"targetCondition":"tags."}""", "InvalidConfigurationTargetCondition")]
    [InlineData("""{"id":"bad","content":{"deviceContent":{"properties.desired.a":1}},"metrics":{"queries":{"m":"SELECT"}}}""", "InvalidConfigurationCustomMetricsQuery")]
    [InlineData("""{"id":"bad","content":{"deviceContent":{"properties.desired.a":1}},"priority":-1}""", "ArgumentInvalid")]
    public async Task What_is_no_configuration_is_refused(string body, string name) =>
        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/bad{Version}", body), 400, name);

    [Fact]
    public async Task A_depth_bomb_is_refused()
    {
        var bomb = "{\"id\":\"bad\",\"content\":" + string.Concat(Enumerable.Repeat("{\"a\":", 50_000)) + "1" + new string('}', 50_001);

        ErrorShape.Check(await api.AskAsOwnerAsync("PUT", $"/configurations/bad{Version}", bomb), 400, "ArgumentInvalid");
    }

    [Fact]
    public async Task Queries_are_tested_without_being_kept()
    {
        var tested = await api.AskAsOwnerAsync("POST", $"/configurations/testQueries{Version}", """{"targetCondition":"tags.a = 1","customMetricQueries":{"good":"SELECT * FROM devices","bad":"SELECT"}}""");

        Assert.Equal(200, tested.Code);
        Assert.Null(Parse(tested.Body)["targetConditionError"]);
        Assert.Equal(["bad"], Parse(tested.Body)["customMetricQueryErrors"]!.AsObject().Select(each => each.Key));
        Assert.NotNull(Parse((await api.AskAsOwnerAsync("POST", $"/configurations/testQueries{Version}", """{"targetCondition":"tags."}""")).Body)["targetConditionError"]);
    }

    [Fact]
    public async Task Content_is_applied_to_a_device()
    {
        Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", $"/devices/apply-1{Version}", """{"deviceId":"apply-1","capabilities":{"iotEdge":true}}""")).Code);
        Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", $"/devices/apply-2{Version}", """{"deviceId":"apply-2"}""")).Code);
        const string Deployment = """{"modulesContent":{"$edgeAgent":{"properties.desired":{"modules":{"m":{}}}},"$edgeHub":{"properties.desired":{}}}}""";

        Assert.Equal(204, (await api.AskAsOwnerAsync("POST", $"/devices/apply-1/applyConfigurationContent{Version}", Deployment)).Code);
        Assert.NotNull(Parse((await api.AskAsOwnerAsync("GET", $"/twins/apply-1/modules/$edgeAgent{Version}")).Body)["properties"]!["desired"]!["modules"]!["m"]);
        Assert.Equal("iotEdge", (string?)Parse((await api.AskAsOwnerAsync("GET", $"/devices/apply-1/modules/m{Version}")).Body)["managedBy"]);
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/devices/apply-2/applyConfigurationContent{Version}", Deployment), 400, "ArgumentInvalid");
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/devices/apply-3/applyConfigurationContent{Version}", Deployment), 404, "DeviceNotFound");
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/devices/apply-1/applyConfigurationContent{Version}", ""), 400, "ArgumentNull");
    }

    private static string Body(string id, string more = "\"labels\":null") =>
        $"{{\"id\":\"{id}\",\"content\":{{\"deviceContent\":{{\"properties.desired.z\":1.50,\"properties.desired.a\":[]}}}},\"targetCondition\":\"tags.no='such'\",\"priority\":10,{more}}}";

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;
}
