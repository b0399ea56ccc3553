using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Gatehouse.Hub.Twins;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Digital twins: properties and components as IoT Plug and Play sees them, JSON Patch, commands.</summary>
public sealed class DigitalTwinTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";

    private static readonly HubName Hub = HubName.Parse("gatehouse");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wanted_told_and_acknowledged_values_are_shown_side_by_side()
    {
        var key = await DeviceAsync("dt-1");
        var twins = api.Services.GetRequiredService<Twins>();
        await twins.SetModelIdAsync(Hub, key, null, "dtmi:com:example:Thermostat;1", Token);
        await api.AskAsOwnerAsync("PATCH", $"/twins/dt-1{Version}", """{"properties":{"desired":{"interval":30,"unseen":1,"sensor":{"__t":"c","range":5}}}}""");
        await twins.ReportAsync(Hub, key, null, """{"interval":{"value":30,"ac":200,"av":2,"ad":"ok"},"temperature":21.5,"sensor":{"__t":"c","serial":"x"}}"""u8.ToArray(), null, Token);

        var read = await api.AskAsOwnerAsync("GET", $"/digitaltwins/dt-1{Version}");

        var twin = JsonNode.Parse(read.Body)!.AsObject();
        Assert.Equal(("dt-1", "dtmi:com:example:Thermostat;1"), ((string?)twin["$dtId"], (string?)twin["$metadata"]!["$model"]));
        Assert.Equal((30, 21.5), ((int)twin["interval"]!, (double)twin["temperature"]!));
        Assert.False(twin.ContainsKey("unseen"));
        var interval = twin["$metadata"]!["interval"]!.AsObject();
        Assert.Equal((30, 2, 2, 200, "ok"), ((int)interval["desiredValue"]!, (int)interval["desiredVersion"]!, (int)interval["ackVersion"]!, (int)interval["ackCode"]!, (string?)interval["ackDescription"]));
        Assert.True(interval.ContainsKey("lastUpdateTime"));
        Assert.Equal(1, (int)twin["$metadata"]!["unseen"]!["desiredValue"]!);
        Assert.Equal("x", (string?)twin["sensor"]!["serial"]);
        Assert.False(twin["sensor"]!.AsObject().ContainsKey("__t"));
        Assert.Equal(5, (int)twin["sensor"]!["$metadata"]!["range"]!["desiredValue"]!);
        Assert.StartsWith("\"", read.Header("ETag"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_becomes_desired_properties()
    {
        await DeviceAsync("dt-2");
        await api.AskAsOwnerAsync("PATCH", $"/twins/dt-2{Version}", """{"properties":{"desired":{"old":1}}}""");

        var patched = await api.AskAsOwnerAsync(
            "PATCH", $"/digitaltwins/dt-2{Version}", """[{"op":"add","path":"/a","value":1.50},{"op":"replace","path":"/comp/p","value":{"x":[1]}},{"op":"remove","path":"/old"},{"op":"add","path":"/whole","value":{"$metadata":{},"q":2}}]""");

        Assert.Equal((202, ""), (patched.Code, patched.Body));
        Assert.NotNull(patched.Header("ETag"));
        Assert.Equal("/digitaltwins/dt-2", patched.Header("Location"));
        var desired = JsonNode.Parse((await api.AskAsOwnerAsync("GET", $"/twins/dt-2{Version}")).Body)!["properties"]!["desired"]!.AsObject();
        desired.Remove("$metadata");
        Assert.Equal("""{"a":1.50,"comp":{"__t":"c","p":{"x":[1]}},"whole":{"q":2,"__t":"c"},"$version":3}""", desired.ToJsonString());
        ErrorShape.Check(await api.AskAsOwnerAsync("PATCH", $"/digitaltwins/dt-2{Version}", """[{"op":"add","path":"/a","value":2}]""", "\"AAAAAAAAAAE=\""), 412, "PreconditionFailed");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""[1]""")]
    [InlineData("""[{"op":"test","path":"/a","value":1}]""")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a/b/c","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"/a.b","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/$metadata","value":1}]""")]
    [InlineData("""[], "more": []""")]
    [InlineData("""[{"op":"add","path":"/a","value":"\ud800"}]""")]
    public async Task What_is_no_patch_of_properties_is_refused(string body)
    {
        await DeviceAsync("dt-3");

        ErrorShape.Check(await api.AskAsOwnerAsync("PATCH", $"/digitaltwins/dt-3{Version}", body), 400, "ArgumentInvalid");
    }

    [Fact]
    public async Task A_command_is_a_method_with_the_status_in_a_header()
    {
        var key = await DeviceAsync("dt-4");
        var methods = api.Services.GetRequiredService<DirectMethods>();
        var echo = new Echo();
        using var served = echo.Served = methods.Open(Hub, key, null, echo);
        served.Begin();

        var answer = await api.AskAsOwnerAsync("POST", $"/digitaltwins/dt-4/components/sensor/commands/reboot{Version}&responseTimeoutInSeconds=10", """{"delay":5}""");

        Assert.Equal((200, """{"name":"sensor*reboot","payload":{"delay":5} }"""), (answer.Code, answer.Body));
        Assert.Equal("202", answer.Header("x-ms-command-statuscode"));
        Assert.NotNull(answer.Header("x-ms-request-id"));
        Assert.Contains("\"name\":\"reboot\"", (await api.AskAsOwnerAsync("POST", $"/digitaltwins/dt-4/commands/reboot{Version}", "1")).Body, StringComparison.Ordinal);
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/digitaltwins/dt-4/commands/reboot{Version}", "{oops"), 400, "ArgumentInvalid");
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/digitaltwins/dt-4/commands/reboot{Version}&connectTimeoutInSeconds=x", "1"), 400, "ArgumentInvalid");
    }

    private async Task<IdentityKey> DeviceAsync(string id)
    {
        await api.AskAsOwnerAsync("PUT", $"/devices/{id}{Version}", $$"""{"deviceId":"{{id}}"}""");
        return new IdentityKey(DeviceId.Parse(id));
    }

    private sealed class Echo : IMethodTarget
    {
        internal ServedMethods? Served { get; set; }

        public bool TryInvoke(in MethodRequest request)
        {
            var (id, answer) = (request.Id, $$"""{"name":"{{request.Name}}","payload":{{Encoding.UTF8.GetString(request.Payload.Span)}} }""");
            Served!.Answer(id, 202, Encoding.UTF8.GetBytes(answer));
            return true;
        }

        public void Displace()
        {
            // Nothing else serves this device.
        }
    }
}
