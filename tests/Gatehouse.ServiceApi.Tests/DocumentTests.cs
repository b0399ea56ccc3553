using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Device and module documents letter by letter: names, order, nulls and forms are the contract of every SDK.</summary>
public sealed partial class DocumentTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";
    private const string Key1 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private const string Key2 = "/////////////////////////////////////////w==";

    [Fact]
    public async Task A_device_with_keys()
    {
        var made = await api.AskAsOwnerAsync(
            "PUT", $"/devices/doc-1{Version}", $$"""{"deviceId":"doc-1","authentication":{"symmetricKey":{"primaryKey":"{{Key1}}","secondaryKey":"{{Key2}}"} } }""");

        Assert.Equal(200, made.Code);
        Assert.Equal(
            """{"deviceId":"doc-1","generationId":"G","etag":"E","connectionState":"Disconnected","status":"enabled","statusReason":null,"connectionStateUpdatedTime":"0001-01-01T00:00:00","statusUpdatedTime":"0001-01-01T00:00:00","lastActivityTime":"0001-01-01T00:00:00","cloudToDeviceMessageCount":0,"authentication":{"symmetricKey":{"primaryKey":"K1","secondaryKey":"K2"},"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"},"capabilities":{"iotEdge":false}}"""
                .Replace("K1", Key1, StringComparison.Ordinal).Replace("K2", Key2, StringComparison.Ordinal),
            Masked(made.Body));
        Assert.Equal("application/json; charset=utf-8", made.Header("Content-Type"));
        Assert.Equal($"\"{Member(made.Body, "etag")}\"", made.Header("ETag"));
        Assert.Matches(@"^\d{18}$", Member(made.Body, "generationId"));
        Assert.Matches(@"^\d+$", System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(Member(made.Body, "etag"))));
        Assert.Equal(made.Body, (await api.AskAsOwnerAsync("GET", $"/devices/doc-1{Version}")).Body);
        Assert.Equal(made.Body, (await api.AskAsOwnerAsync("GET", $"/Devices/doc-1/{Version}")).Body);
        Assert.Equal(made.Body, (await api.AskAsOwnerAsync("GET", $"/devices%2Fdoc-1{Version}")).Body);
    }

    [Fact]
    public async Task A_device_with_thumbprints_and_a_disabled_one_with_its_reason()
    {
        var thumbprint = new string('a', 40);
        var made = await api.AskAsOwnerAsync(
            "PUT", $"/devices/doc-2{Version}", $$"""{"deviceId":"doc-2","authentication":{"x509Thumbprint":{"primaryThumbprint":"{{thumbprint}}"} } }""");

        Assert.Contains(
            """ "authentication":{"symmetricKey":{"primaryKey":null,"secondaryKey":null},"x509Thumbprint":{"primaryThumbprint":"TP","secondaryThumbprint":null},"type":"selfSigned"}""".Trim().Replace("TP", thumbprint, StringComparison.Ordinal), made.Body, StringComparison.Ordinal);
        var disabled = await api.AskAsOwnerAsync("PUT", $"/devices/doc-2{Version}", """{"deviceId":"doc-2","status":"disabled","statusReason":"lost","authentication":{"type":"certificateAuthority"}}""", $"\"{Member(made.Body, "etag")}\"");
        Assert.Equal(("disabled", "lost"), (Member(disabled.Body, "status"), Member(disabled.Body, "statusReason")));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$", Member(disabled.Body, "statusUpdatedTime"));
        Assert.Contains("\"type\":\"certificateAuthority\"", disabled.Body, StringComparison.Ordinal);
        Assert.Equal(Member(made.Body, "generationId"), Member(disabled.Body, "generationId"));
        Assert.NotEqual(Member(made.Body, "etag"), Member(disabled.Body, "etag"));
    }

    [Fact]
    public async Task A_module()
    {
        await api.AskAsOwnerAsync("PUT", $"/devices/doc-3{Version}", """{"deviceId":"doc-3"}""");
        var made = await api.AskAsOwnerAsync(
            "PUT",
            $"/devices/doc-3/modules/m1{Version}",
            $$"""{"deviceId":"doc-3","moduleId":"m1","managedBy":"me","authentication":{"type":"sas","symmetricKey":{"primaryKey":"{{Key1}}","secondaryKey":"{{Key2}}"} } }""");

        Assert.Equal(
            """{"moduleId":"m1","managedBy":"me","deviceId":"doc-3","generationId":"G","etag":"E","connectionState":"Disconnected","connectionStateUpdatedTime":"0001-01-01T00:00:00","lastActivityTime":"0001-01-01T00:00:00","cloudToDeviceMessageCount":0,"authentication":{"symmetricKey":{"primaryKey":"K1","secondaryKey":"K2"},"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"}}"""
                .Replace("K1", Key1, StringComparison.Ordinal).Replace("K2", Key2, StringComparison.Ordinal),
            Masked(made.Body));
        Assert.Equal($"[{made.Body}]", (await api.AskAsOwnerAsync("GET", $"/devices/doc-3/modules{Version}")).Body);
    }

    [Fact]
    public async Task An_edge_device_has_a_scope_of_its_own_and_its_system_modules()
    {
        var made = await api.AskAsOwnerAsync("PUT", $"/devices/doc-4{Version}", """{"deviceId":"doc-4","capabilities":{"iotEdge":true},"deviceScope":null,"parentScopes":[]}""");

        Assert.Contains("\"capabilities\":{\"iotEdge\":true}", made.Body, StringComparison.Ordinal);
        Assert.Matches(@"^ms-azure-iot-edge://doc-4-\d+$", Member(made.Body, "deviceScope"));
        using var modules = JsonDocument.Parse((await api.AskAsOwnerAsync("GET", $"/devices/doc-4/modules{Version}")).Body);
        Assert.Equal(
            [("$edgeAgent", "iotEdge", "none"), ("$edgeHub", "iotEdge", "none")],
            modules.RootElement.EnumerateArray().Select(each => (each.GetProperty("moduleId").GetString(), each.GetProperty("managedBy").GetString(), each.GetProperty("authentication").GetProperty("type").GetString())));
    }

    [Fact]
    public async Task Statistics_a_bulk_answer_and_a_deletion()
    {
        var bulk = await api.AskAsOwnerAsync("POST", $"/devices{Version}", """[{"id":"doc-5","importMode":"create"},{"id":"doc-6","importMode":"DeleteIfMatchEtag","etag":"*"}]""");

        Assert.Equal(200, bulk.Code);
        Assert.Equal(
            """{"isSuccessful":false,"errors":[{"deviceId":"doc-6","moduleId":null,"errorCode":"DeviceNotFound","errorStatus":"The operation failed because the requested device isn't found or doesn't exist in the registry."}],"warnings":[]}""",
            bulk.Body);
        Assert.Matches("""^\{"totalDeviceCount":\d+,"enabledDeviceCount":\d+,"disabledDeviceCount":\d+\}$""", (await api.AskAsOwnerAsync("GET", $"/statistics/devices{Version}")).Body);
        Assert.Equal("""{"connectedDeviceCount":0}""", (await api.AskAsOwnerAsync("GET", $"/statistics/service{Version}")).Body);
        var gone = await api.AskAsOwnerAsync("DELETE", $"/devices/doc-5{Version}", ifMatch: "\"*\"");
        Assert.Equal((204, ""), (gone.Code, gone.Body));
        ErrorShape.Check(await api.AskAsOwnerAsync("DELETE", $"/devices/doc-5{Version}"), 412, "PreconditionFailed");
    }

    private static string Member(string json, string name)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(name).GetString()!;
    }

    private static string Masked(string json) => ETag().Replace(GenerationId().Replace(json, "\"generationId\":\"G\""), "\"etag\":\"E\"");

    [GeneratedRegex("\"generationId\":\"\\d{18}\"")]
    private static partial Regex GenerationId();

    [GeneratedRegex("\"etag\":\"[A-Za-z0-9+/=]+\"")]
    private static partial Regex ETag();
}
