using System.Buffers;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Gateway.Http;
using Gatehouse.Gateway.Http.Files;
using Gatehouse.Wire.Http;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>What devices send over HTTPS: bodies and headers become what they say, or an error.</summary>
public sealed class DeviceHttpFuzz
{
    private const int MaxMessages = 50;
    private const int MaxBytes = 2048;

    private static readonly byte[][] Targets = ["/devices/d%201/messages/events?api-version=2021-04-12"u8.ToArray(), "https://h:1/devices/%2e%2e/%252F#x"u8.ToArray()];
    private static readonly byte[][] TargetWords = [.. new[] { "/", "//", "..", "%2F", "%00", "%", "?", "devices/", "%ff" }.Select(Encoding.UTF8.GetBytes)];
    private static readonly byte[] Stamps = EventWriter.EncodeFields((EventField.ConnectionDeviceId, "d1"), (EventField.MessageSource, "Telemetry"));

    [Fact]
    public void Batches_are_events_within_their_limits_or_refused() => FuzzRun.Run(
        [
            """[{"body":"aGVsbG8=","properties":{"iothub-app-k":"v","iothub-messageid":"1","n":1.5,"t":true,"z":null}},{"body":"","base64Encoded":true}]"""u8.ToArray(),
            """[{"body":"\ud83d\ude00 text","base64Encoded":false,"properties":null,"other":[{"deep":{}}]}]"""u8.ToArray(),
        ],
        static input =>
        {
            using var batch = EventBatch.Read(new ReadOnlySequence<byte>(input.ToArray()), MaxMessages, MaxBytes);
            if (batch.Error is { } error)
            {
                Assert.InRange(error.HttpStatus, 400, 499);
                return;
            }

            Assert.InRange(batch.Count, 0, MaxMessages);
            var bytes = 0L;
            for (var i = 0; i < batch.Count; i++)
            {
                Assert.True(EventProperties.TryJoin(Stamps, batch.Fields(i), out var head));
                Assert.Equal("d1", DeviceOf(head));
                bytes += batch.Body(i).Length + batch.Fields(i).Length;
            }

            Assert.InRange(bytes, 0, MaxBytes);
        },
        new FuzzOptions { AllocationBytes = 128 * 1024, Words = [.. new[] { "\"body\":", "\"base64Encoded\":false", "\"properties\":{", "\\ud800", "\\u0000", "iothub-app-", "iothub-connection-device-id", "[[[[", "},{", "====" }.Select(Encoding.UTF8.GetBytes)] });

    [Fact]
    public void Headers_of_a_message_never_say_who_sent_it() => FuzzRun.Run(
        ["iothub-app-a\nb\niothub-messageid\n1\niothub-connection-device-id\nother"u8.ToArray(), "iothub-app-iothub-connection-device-id\nother\niothub-contenttype\n\u00fc"u8.ToArray()],
        static input =>
        {
            var words = Encoding.UTF8.GetString(input).Split('\n');
            var headers = new HeaderDictionary();
            for (var i = 0; i + 1 < words.Length; i += 2)
            {
                headers[words[i]] = words[i + 1];
            }

            if (EventProperties.TryBuild(headers, Stamps, out var head))
            {
                Assert.Equal("d1", DeviceOf(head));
            }
        },
        new FuzzOptions { Words = [.. new[] { "iothub-", "iothub-app-", "connection-device-id", "\n", "\u0000" }.Select(Encoding.UTF8.GetBytes)], AllocationBytesPerByte = 256 });

    [Fact]
    public void Lists_of_blocks_are_read_or_refused() => FuzzRun.Run(
        [
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>YQ==</Latest><Uncommitted>Yg==</Uncommitted></BlockList>"u8.ToArray(),
            "<!DOCTYPE a [<!ENTITY e \"ee\">]><BlockList><Latest>&e;</Latest></BlockList>"u8.ToArray(),
        ],
        static input =>
        {
            var list = BlockList.Read(new MemoryStream(input.ToArray()), 10);
            Assert.True(list.IsOk ? list.Value.Count <= 10 : list.Error.HttpStatus is >= 400 and < 500);
        },
        new FuzzOptions { AllocationBytes = 256 * 1024, Words = [.. new[] { "<Latest>", "</Latest>", "<Committed>", "<!ENTITY", "<![CDATA[", "&#x0;", "&lt;", "<!--", "<?x ?>", "\uFEFF" }.Select(Encoding.UTF8.GetBytes)] });

    [Fact]
    public void Bodies_of_uploads_are_read_or_refused() => FuzzRun.Run(
        ["""{"blobName":"a/b.txt"}"""u8.ToArray(), """{"correlationId":"c","isSuccess":true,"statusCode":200,"statusDescription":"\ud83d\ude00"}"""u8.ToArray()],
        static input =>
        {
            Check(HttpBody.Wait(UploadBody.ReadAsync(HttpBody.Of(input), UploadJson.Default.InitializeBody, default)));
            Check(HttpBody.Wait(UploadBody.ReadAsync(HttpBody.Of(input), UploadJson.Default.NotifyBody, default)));
        },
        new FuzzOptions { AllocationBytes = 128 * 1024, Words = [.. new[] { "null", "\\ud800", "{\"blobName\":", "\"isSuccess\":", "1e999", "[[[[" }.Select(Encoding.UTF8.GetBytes)] });

    [Fact]
    public void Targets_of_requests_are_segments_or_refused() => FuzzRun.Run(
        Targets,
        static input =>
        {
            if (RequestTarget.TryParse(Encoding.Latin1.GetString(input), out var target))
            {
                Assert.Equal('/', target.Path[0]);
                Assert.Equal(target.Path.Length - 1, target.Segments.Sum(segment => segment.Length) + Math.Max(0, target.Segments.Count - 1));
                Assert.DoesNotContain(target.Segments, segment => segment.AsSpan().ContainsAny('/', '\0'));
            }
        },
        new FuzzOptions { Words = TargetWords, AllocationBytesPerByte = 128 });

    [Fact]
    public void Targets_of_requests_are_decoded_once_and_whole() => FuzzRun.Run(
        Targets,
        static input =>
        {
            // With every letter encoded again it is the same path.
            if (RequestTarget.TryParse(Encoding.Latin1.GetString(input), out var target))
            {
                Assert.True(RequestTarget.TryParse($"/{Uri.EscapeDataString(target.Path[1..])}/?x", out var again));
                Assert.Equal(target.Path, again.Path);
            }
        },
        new FuzzOptions { Words = TargetWords, AllocationBytesPerByte = 1024 });

    private static void Check<T>(Result<T> read)
        where T : class => Assert.True(read.IsOk ? read.Value is not null : read.Error.HttpStatus is >= 400 and < 500);

    private static string? DeviceOf(ReadOnlySpan<byte> head)
    {
        string? device = null;
        for (var reader = new EventReader(head); reader.Read();)
        {
            if (reader.Field == EventField.ConnectionDeviceId)
            {
                Assert.Null(device);
                device = reader.ValueText;
            }
        }

        return device;
    }
}
