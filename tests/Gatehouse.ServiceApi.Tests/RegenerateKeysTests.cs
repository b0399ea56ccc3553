using System.Text.Json;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>New keys for many identities at once.</summary>
public sealed class RegenerateKeysTests : IAsyncLifetime
{
    private const string Version = "?api-version=2024-03-31";

    private readonly RunningApi api = new();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task One_key_is_new_and_the_other_stays_and_the_identity_is_as_it_was()
    {
        await PutAsync("/devices/d1", """{"deviceId":"d1","status":"disabled","statusReason":"sold"}""");
        await PutAsync("/devices/d1/modules/m1", """{"deviceId":"d1","moduleId":"m1","managedBy":"somebody"}""");
        var (device, module) = (await KeysAsync("/devices/d1"), await KeysAsync("/devices/d1/modules/m1"));

        var answer = await RotateAsync("primaryKey", """{"id":"d1"},{"id":"d1","moduleId":"m1"}""");

        Assert.Equal(200, answer.Code);
        var (newDevice, newModule) = (await KeysAsync("/devices/d1"), await KeysAsync("/devices/d1/modules/m1"));
        Assert.NotEqual(device.Primary, newDevice.Primary);
        Assert.NotEqual(module.Primary, newModule.Primary);
        Assert.Equal((device.Secondary, module.Secondary), (newDevice.Secondary, newModule.Secondary));
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal([newDevice.Primary, newModule.Primary], json.RootElement.GetProperty("rotatedKeys").EnumerateArray().Select(each => each.GetProperty("primaryKey").GetString()));
        Assert.Equal(0, json.RootElement.GetProperty("errors").GetArrayLength());
        var shown = await api.AskAsOwnerAsync("GET", $"/devices/d1{Version}");
        Assert.Contains("\"status\":\"disabled\",\"statusReason\":\"sold\"", shown.Body, StringComparison.Ordinal);
        Assert.Contains("\"managedBy\":\"somebody\"", (await api.AskAsOwnerAsync("GET", $"/devices/d1/modules/m1{Version}")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_change_places()
    {
        await PutAsync("/devices/d1", """{"deviceId":"d1"}""");
        var before = await KeysAsync("/devices/d1");

        Assert.Equal(200, (await RotateAsync("swap", """{"id":"d1"}""")).Code);

        Assert.Equal((before.Secondary, before.Primary), await KeysAsync("/devices/d1"));
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_item_by_item()
    {
        await PutAsync("/devices/d1", """{"deviceId":"d1"}""");
        await PutAsync("/devices/ca", """{"deviceId":"ca","authentication":{"type":"certificateAuthority"}}""");

        var some = await RotateAsync("secondaryKey", """{"id":"ca"},{"id":"none"},{"id":"d1"}""");
        var none = await RotateAsync("secondaryKey", """{"id":"ca"}""");

        Assert.Equal((207, 400), (some.Code, none.Code));
        using var json = JsonDocument.Parse(some.Body);
        Assert.Equal(["InvalidOperation", "DeviceNotFound"], json.RootElement.GetProperty("errors").EnumerateArray().Select(each => each.GetProperty("errorCode").GetString()));
        Assert.Equal("d1", json.RootElement.GetProperty("rotatedKeys")[0].GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("tertiaryKey", """{"id":"d1"}""", "ArgumentInvalid")]
    [InlineData("primaryKey", "", "ArgumentInvalid")]
    [InlineData("primaryKey", "null", "ArgumentInvalid")]
    [InlineData("primaryKey", """{"id":"d1"},{"id":"d1"}""", "DeviceDefinedMultipleTimes")]
    public async Task A_call_that_makes_no_sense_is_refused_whole(string which, string devices, string error) =>
        ErrorShape.Check(await RotateAsync(which, devices), 400, error);

    [Theory]
    [InlineData(100, 400, null)]
    [InlineData(101, 413, "TooManyDevices")]
    public async Task A_hundred_identities_are_taken_in_one_call(int count, int status, string? error)
    {
        var answer = await RotateAsync("primaryKey", string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"id":"none{{i}}"}""")));

        Assert.Equal((status, error), (answer.Code, answer.Header("iothub-errorcode")));
    }

    private Task<RunningApi.Answer> RotateAsync(string which, string devices) => api.AskAsOwnerAsync("POST", $"/devices/keys/regenerate{Version}", $$"""{"policyKey":"{{which}}","devices":[{{devices}}]}""");

    private async Task PutAsync(string path, string body) => Assert.Equal(200, (await api.AskAsOwnerAsync("PUT", path + Version, body)).Code);

    private async Task<(string? Primary, string? Secondary)> KeysAsync(string path)
    {
        using var json = JsonDocument.Parse((await api.AskAsOwnerAsync("GET", path + Version)).Body);
        var keys = json.RootElement.GetProperty("authentication").GetProperty("symmetricKey");
        return (keys.GetProperty("primaryKey").GetString(), keys.GetProperty("secondaryKey").GetString());
    }
}
