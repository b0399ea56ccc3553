using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Methods;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Direct methods over REST: what goes in, what comes out, and how each refusal looks.</summary>
public sealed class MethodTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Version = "?api-version=2021-04-12";

    [Theory]
    [InlineData("/twins/answers/methods")]
    [InlineData("/twins/answers/methods/")]
    [InlineData("/TWINS/answers/Methods")]
    [InlineData("/twins%2Fanswers%2Fmethods")]
    public async Task A_method_is_called_and_its_answer_is_the_body_of_a_200(string path)
    {
        using var served = await ServeAsync("answers");

        var answer = await api.AskAsOwnerAsync("POST", path + Version, """{"methodName":"reboot","responseTimeoutInSeconds":30,"connectTimeoutInSeconds":0,"payload":{"n": 1.50}}""");

        Assert.Equal((200, "application/json; charset=utf-8"), (answer.Code, answer.Header("Content-Type")));
        Assert.Equal("""{"status":404,"payload":["reboot",{"n": 1.50}]}""", answer.Body);
    }

    [Fact]
    public async Task A_modules_method_is_called_at_its_own_path()
    {
        using var served = await ServeAsync("answers/m1");

        var answer = await api.AskAsOwnerAsync("POST", "/twins/answers/modules/m1/methods" + Version, """{"methodName":"m"}""");

        Assert.Equal("""{"status":404,"payload":["m",null]}""", answer.Body);
    }

    [Fact]
    public async Task A_device_that_is_away_is_404103_in_the_services_own_shape()
    {
        await PutAsync("away");

        var answer = await api.AskAsOwnerAsync("POST", "/twins/away/methods" + Version, """{"methodName":"m","payload":null}""");

        CheckTimedOut(answer, 404, "DeviceNotOnline", 404103, "00:00:00");
    }

    [Theory]
    [InlineData("responseTimeoutInSeconds")]
    [InlineData("timeout")]
    public async Task No_answer_in_time_is_504101_with_the_time_out_that_ran_out(string name)
    {
        await PutAsync("silent");
        using var served = api.Services.GetRequiredService<DirectMethods>().Open(HubName.Parse("gatehouse"), Key("silent"), null, new Silent());
        served.Begin();

        var call = api.AskAsOwnerAsync("POST", "/twins/silent/methods" + Version, $$"""{"methodName":"m","{{name}}":7}""");
        while (!call.IsCompleted)
        {
            api.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        CheckTimedOut(await call, 504, "GatewayTimeout", 504101, "00:00:07");
    }

    [Theory]
    [InlineData("none", """{"methodName":"m"}""", 404, "DeviceNotFound")]
    [InlineData("none/modules/m", """{"methodName":"m"}""", 404, "DeviceNotFound")]
    [InlineData("away", "{}", 400, "ArgumentNull")]
    [InlineData("away", """{"methodName":""}""", 400, "ArgumentNull")]
    [InlineData("away", """{"methodName":"a b"}""", 400, "ArgumentInvalid")]
    [InlineData("away", """{"methodName":1}""", 400, "IotHubFormatError")]
    [InlineData("away", """{"methodName":"m","payload":}""", 400, "IotHubFormatError")]
    [InlineData("away", """{"methodName":"m","responseTimeoutInSeconds":4}""", 400, "ArgumentInvalid")]
    [InlineData("away", """{"methodName":"m","responseTimeoutInSeconds":301}""", 400, "ArgumentInvalid")]
    [InlineData("away", """{"methodName":"m","connectTimeoutInSeconds":301}""", 400, "ArgumentInvalid")]
    [InlineData("away", """{"methodName":"m","connectTimeoutInSeconds":-2147483648}""", 400, "ArgumentInvalid")]
    [InlineData("away", """{"methodName":"m","responseTimeoutInSeconds":99999999999}""", 400, "IotHubFormatError")]
    [InlineData("a b", """{"methodName":"m"}""", 400, "ArgumentInvalid")]
    [InlineData("away", "", 400, "ArgumentNull")]
    public async Task What_cannot_be_called_is_refused(string target, string body, int status, string name)
    {
        await PutAsync("away");

        ErrorShape.Check(await api.AskAsOwnerAsync("POST", $"/twins/{target.Replace(" ", "%20", StringComparison.Ordinal)}/methods{Version}", body), status, name);
    }

    [Fact]
    public async Task A_payload_past_its_limit_or_too_deep_is_refused()
    {
        await PutAsync("away");
        var large = $$"""{"methodName":"m","payload":"{{new string('x', (128 * 1024) - 1)}}"}""";
        var deep = $$"""{"methodName":"m","payload":{{new string('[', 40)}}{{new string(']', 40)}}}""";

        ErrorShape.Check(await api.AskAsOwnerAsync("POST", "/twins/away/methods" + Version, large), 413, "MessageTooLarge");
        ErrorShape.Check(await api.AskAsOwnerAsync("POST", "/twins/away/methods" + Version, deep), 400, "IotHubFormatError");
    }

    private static IdentityKey Key(string text) => IdentityKey.TryParse(text, out var key) ? key : throw new ArgumentException(text);

    private static void CheckTimedOut(RunningApi.Answer answer, int status, string name, int code, string timeout)
    {
        Assert.Equal((status, name), (answer.Code, answer.Header("iothub-errorcode")));
        using var outer = JsonDocument.Parse(answer.Body);
        Assert.Equal("", outer.RootElement.GetProperty("ExceptionMessage").GetString());
        using var inner = JsonDocument.Parse(outer.RootElement.GetProperty("Message").GetString()!);
        Assert.Equal(code, inner.RootElement.GetProperty("errorCode").GetInt32());
        Assert.Equal(timeout, inner.RootElement.GetProperty("info").GetProperty("timeout").GetString());
        Assert.NotEmpty(inner.RootElement.GetProperty("message").GetString()!);
        Assert.NotEmpty(inner.RootElement.GetProperty("trackingId").GetString()!);
        Assert.True(inner.RootElement.GetProperty("timestampUtc").TryGetDateTime(out _));
    }

    private async Task PutAsync(string device)
    {
        var made = await api.AskAsOwnerAsync("PUT", $"/devices/{device}{Version}", $$"""{"deviceId":"{{device}}"}""");
        Assert.True(made.Code is 200 or 409, made.Body);
    }

    // The identity exists and answers every call at once with status 404 and [name, payload].
    private async Task<ServedMethods> ServeAsync(string identity)
    {
        var key = Key(identity);
        await PutAsync(key.Device.Value);
        if (key.Module is { } module)
        {
            await api.AskAsOwnerAsync("PUT", $"/devices/{key.Device}/modules/{module}{Version}", $$"""{"deviceId":"{{key.Device}}","moduleId":"{{module}}"}""");
        }

        var echo = new Echo();
        echo.Served = api.Services.GetRequiredService<DirectMethods>().Open(HubName.Parse("gatehouse"), key, null, echo);
        echo.Served.Begin();
        return echo.Served;
    }

    private sealed class Echo : IMethodTarget
    {
        internal ServedMethods? Served { get; set; }

        public bool TryInvoke(in MethodRequest request)
        {
            Served!.Answer(request.Id, 404, Encoding.UTF8.GetBytes($"[\"{request.Name}\",{Encoding.UTF8.GetString(request.Payload.Span)}]"));
            return true;
        }

        public void Displace()
        {
        }
    }

    private sealed class Silent : IMethodTarget
    {
        public bool TryInvoke(in MethodRequest request) => true;

        public void Displace()
        {
        }
    }
}
