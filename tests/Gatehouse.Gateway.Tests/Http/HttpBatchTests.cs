using System.Text;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Hub.Telemetry;
using Xunit;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>Batches over HTTPS: each message as if it had come alone, all of them or none.</summary>
public sealed class HttpBatchTests
{
    [Fact]
    public async Task Each_message_has_its_own_body_and_properties()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        var answer = await door.SendBatchAsync(
            await host.TokenOfNewAsync("d1"),
            """
            [
              {"body":"b25l","properties":{"iothub-app-k":"v","iothub-messageid":"m1","iothub-app-n":5,"iothub-app-t":true,"iothub-app-none":null,"iothub-app-iothub-connection-device-id":"d2","other":"x"}},
              {"properties":{"IoTHub-App-K":"\u00fc\n","iothub-contenttype":"application\/json"},"base64Encoded":false,"body":"\"two\" \u00fc","more":{"a":[1]}},
              {"body":""},
              {"body":"","properties":null}
            ]
            """);

        answer.ExpectDone();
        var stored = host.Log.Stored.Select(record => new Stored(record)).ToList();
        Assert.Equal(["one", "\"two\" ü", "", ""], stored.Select(each => each.Text));
        Assert.Equal([("k", "v"), ("n", "5"), ("t", "true"), ("none", "")], stored[0].Application);
        Assert.Equal([("K", "ü\n")], stored[1].Application);
        Assert.Equal(("m1", "application/json"), (stored[0].Fields[EventField.MessageId], stored[1].Fields[EventField.ContentType]));
        Assert.All(stored, each => Assert.Equal(("d1", "Telemetry"), (each.Fields[EventField.ConnectionDeviceId], each.Fields[EventField.MessageSource])));
    }

    [Fact]
    public async Task A_batch_is_acknowledged_once_all_of_it_is_durable()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);

        var sending = door.SendBatchAsync(await host.TokenOfNewAsync("d1"), """[{"body":""},{"body":""}]""");
        await Eventually.TrueAsync(() => host.Log.PendingCount == 2);
        Assert.False(sending.IsCompleted);
        host.Log.Commit();

        (await sending).ExpectDone();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[")]
    [InlineData("[{}]")]
    [InlineData("[1]")]
    [InlineData("[[]]")]
    [InlineData("""[{"body":"b25l"},{"body":"no base64!"}]""")]
    [InlineData("""[{"body":"b25l"},{"body":1}]""")]
    [InlineData("""[{"body":"b25l"},{"body":null}]""")]
    [InlineData("""[{"body":"b25l"},{"properties":{}}]""")]
    [InlineData("""[{"body":"b25l","body":"b25l"}]""")]
    [InlineData("""[{"body":"b25l","base64Encoded":"no"}]""")]
    [InlineData("""[{"body":"b25l","properties":[]}]""")]
    [InlineData("""[{"body":"b25l","properties":{"iothub-app-k":{}}}]""")]
    [InlineData("""[{"body":"b25l"},{"body":"\ud800","base64Encoded":false}]""")]
    [InlineData("""[{"body":"b25l","x":[[[[[[[[[[]]]]]]]]]]}]""")]
    [InlineData("""[{"body":"b25l"}] []""")]
    public async Task One_wrong_message_refuses_all(string json)
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        (await door.SendBatchAsync(await host.TokenOfNewAsync("d1"), json)).ExpectError(400, "ArgumentInvalid");

        Assert.Empty(host.Log.Stored);
        Assert.Equal(0, host.Log.PendingCount);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task The_number_of_messages_is_bounded(int count, bool isTaken)
    {
        await using var host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxBatchMessages = 3 });
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        var answer = await door.SendBatchAsync(await host.TokenOfNewAsync("d1"), $"[{string.Join(',', Enumerable.Repeat("""{"body":""}""", count))}]");

        Assert.Equal(isTaken ? 204 : 400, answer.Code);
        Assert.Equal(isTaken ? count : 0, host.Log.Stored.Count);
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public async Task The_messages_together_are_bounded_as_one_is(int second, bool isTaken)
    {
        await using var host = await GatewayHost.StartAsync(new TelemetryOptions { MaxMessageBytes = 100 });
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        var answer = await door.SendBatchAsync(await host.TokenOfNewAsync("d1"), $$"""[{"body":"{{Base64(50)}}"},{"body":"{{Base64(second)}}"}]""");

        Assert.Equal(isTaken ? 204 : 413, answer.Code);
        Assert.Equal(isTaken ? 2 : 0, host.Log.Stored.Count);
    }

    [Theory]
    [InlineData(1024, 204)]
    [InlineData(1025, 413)]
    public async Task The_text_of_a_batch_is_bounded(int size, int status)
    {
        await using var host = await GatewayHost.StartAsync(options: new GatewayOptions { MaxHttpBatchBytes = 1024 });
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);

        Assert.Equal(status, (await door.SendBatchAsync(await host.TokenOfNewAsync("d1"), """[{"body":""}]""".PadRight(size))).Code);
    }

    [Fact]
    public async Task A_quarter_of_a_megabyte_of_messages_in_base64_fits()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Log.IsOpen = true;
        await using var door = await HttpDoor.OpenAsync(host);
        var message = $$"""{"properties":{"iothub-app-k":"v"},"body":"{{Base64(1000)}}"}""";

        (await door.SendBatchAsync(await host.TokenOfNewAsync("d1"), $"[{string.Join(',', Enumerable.Repeat(message, 260))}]")).ExpectDone();

        Assert.Equal(260, host.Log.Stored.Count);
        Assert.All(host.Log.Stored, record => Assert.Equal(1000, new Stored(record).Body.Length));
    }

    private static string Base64(int bytes) => Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('x', bytes)));
}
