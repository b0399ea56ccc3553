using System.Text;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Hub.Twins;
using Gatehouse.ServiceApi;
using Gatehouse.ServiceApi.Rest;
using Gatehouse.ServiceApi.Rest.Messages;
using Gatehouse.ServiceApi.Rest.Methods;
using Gatehouse.ServiceApi.Rest.Queries;
using Gatehouse.ServiceApi.Rest.Registry;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>What back ends send over REST: bodies and headers become what they say, or an answer of the 4xx family that repeats nothing long.</summary>
public sealed class ServiceHttpFuzz
{
    private static readonly ServiceApiOptions Options = new();

    private static readonly byte[][] Words =
    [
        .. new[] { "null", "\\ud800", "1e999", "2147483648", "[[[[", "{\"a\":", "\"payload\":", "\"query\":", "\"importMode\":", "\"authentication\":{", "\"symmetricKey\":", "\"tags\":", "\uFEFF", "true" }.Select(Encoding.UTF8.GetBytes),
    ];

    [Fact]
    public void Bodies_are_read_or_refused() => FuzzRun.Run(
        [
            """{"methodName":"m","payload":{"a":[1,"\ud83d\ude00"]},"responseTimeoutInSeconds":30,"connectTimeoutInSeconds":0}"""u8.ToArray(),
            """{"query":"SELECT * FROM devices"}"""u8.ToArray(),
            """{"deviceId":"d1","etag":"\"MQ==\"","status":"enabled","authentication":{"type":"sas","symmetricKey":{"primaryKey":"YQ==","secondaryKey":null}},"capabilities":{"iotEdge":true},"parentScopes":["x"]}"""u8.ToArray(),
            """[{"id":"d1","importMode":"createOrUpdate","tags":{"a":1},"properties":{"desired":{"b":null}},"twinETag":"*"},null]"""u8.ToArray(),
        ],
        static input =>
        {
            Check(input, MethodJson.Shapes.MethodBody);
            Check(input, QueryJson.Shapes.QueryBody);
            Check(input, RegistryJson.Shapes.DeviceBody);
            Check(input, RegistryJson.Shapes.ModuleBody);
            Check(input, RegistryJson.Shapes.IReadOnlyListBulkDeviceBody);
        },
        new FuzzOptions { Words = Words, AllocationBytes = 256 * 1024, AllocationBytesPerByte = 512 });

    [Fact]
    public void Headers_of_a_message_to_a_device_are_read_or_refused() => FuzzRun.Run(
        ["iothub-ack\nfull\niothub-expiry\n2026-11-27T10:00:00Z\niothub-messageid\n1\niothub-app-a\nb"u8.ToArray(), "iothub-expiry\nFri, 27 Nov 2026 10:00:00 GMT\niothub-correlationid\n\u00fc"u8.ToArray()],
        static input =>
        {
            var words = Encoding.UTF8.GetString(input).Split('\n');
            var headers = new HeaderDictionary();
            for (var i = 0; i + 1 < words.Length; i += 2)
            {
                headers[words[i]] = words[i + 1];
            }

            var message = MessageHeaders.Read(headers, input.ToArray());
            if (message.IsOk)
            {
                DeviceBoundFuzz.CheckStoredAndShown(message.Value);
            }
            else
            {
                Assert.InRange(message.Error.HttpStatus, 400, 499);
            }
        },
        new FuzzOptions { Words = [.. new[] { "iothub-", "iothub-app-", "ack", "expiry", "\n", "0001-01-01", "9999-12-31T23:59:59.9999999-14:00", "+14:00" }.Select(Encoding.UTF8.GetBytes)], AllocationBytes = 128 * 1024, AllocationBytesPerByte = 512 });

    [Fact]
    public void Patches_of_digital_twins_are_updates_or_refused() => FuzzRun.Run(
        ["""[{"op":"add","path":"/component/temperature","value":{"a":1}},{"op":"remove","path":"/x~1y~0z"}]"""u8.ToArray(), """[{"op":"replace","path":"/a","value":[true,null]}]"""u8.ToArray()],
        static input =>
        {
            var update = DigitalTwin.ReadPatch(input);
            Assert.True(update.IsOk ? update.Value is not null : update.Error.HttpStatus is >= 400 and < 500);
        },
        new FuzzOptions { Words = [.. Words, "\"op\":"u8.ToArray(), "\"path\":\"/"u8.ToArray(), "~1"u8.ToArray(), "__t"u8.ToArray()], AllocationBytes = 256 * 1024, AllocationBytesPerByte = 2048 });

    private static void Check<T>(ReadOnlySpan<byte> input, JsonTypeInfo<T> shape)
        where T : class
    {
        var read = HttpBody.Wait(new ValueTask<Contracts.Errors.Result<T>>(JsonBody.ReadAsync(HttpBody.Of(input), shape, Options, default)));
        Assert.True(read.IsOk ? read.Value is not null : read.Error.HttpStatus is >= 400 and < 500 && read.Error.Message.Length < 512);
    }
}
