using System.Text;
using System.Text.Unicode;
using Gatehouse.Hub.ImportExport;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Blobs of identities and configurations that someone else wrote: whatever is in them, a line can be done or is an error of that line, and an import knows its place.</summary>
public sealed class ImportedLineFuzz
{
    private const int MaxLineBytes = 256;

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            """{"id":"d1","eTag":"MQ==","status":"enabled","authentication":{"type":"sas","symmetricKey":{"primaryKey":"a2V5a2V5a2V5a2V5a2V5","secondaryKey":null}},"capabilities":{"iotEdge":true}}""",
            """{"id":"d1","moduleId":"m1","managedBy":"iotEdge","importMode":"updateTwinIfMatchETag","twinETag":"AAAAAAAAAAE=","tags":{"site":"M\u00fcnchen"},"properties":{"desired":{"a":[1,{"b":null}]}}}""",
            """{"id":"d2","importMode":"delete","deviceScope":"ms-azure-iot-edge://e-1","parentScopes":["ms-azure-iot-edge://e-1"],"statusReason":"\ud83d\ude00","properties":{"reported":{}}}""",
        }.Select(Encoding.UTF8.GetBytes),
        "{\"id\":\"a\"}\r\n\n{\"id\":\"b\"}\n\uFEFF{\"id\":\"c\"} \t"u8.ToArray(),
    ];

    private static readonly byte[][] Words =
        [[0xC3], [0xED, 0xA0, 0x80], [0xFC], .. new[] { "null", "\\u0000", "\\ud800", "\"tags\":", "\"properties\":", "\"parentScopes\":[null]", "\"importMode\":", "[[[[", "{\"a\":", "\uFEFF", "\r\n" }.Select(Encoding.UTF8.GetBytes)];

    private static readonly FuzzOptions Options = new() { Words = Words, AllocationBytes = 256 * 1024, AllocationBytesPerByte = 2048 };

    [Fact]
    public void A_line_is_an_item_or_an_error_of_its_line() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            var item = ImportedLine.Read(input);
            if (!item.IsOk)
            {
                Assert.InRange(item.Error.HttpStatus, 400, 499);
                return;
            }

            _ = IdentityRules.Check(item.Value.Input);
            if (item.Value.Twin is { } twin)
            {
                Assert.True(Utf8.IsValid(twin.Json.Span));
                _ = TwinUpdate.Patch(twin.Json.Span);
            }
        },
        Options);

    [Fact]
    public void A_line_is_a_configuration_or_an_error_of_its_line() => FuzzRun.Run(
        [
            """{"id":"c1","etag":"MQ==","importMode":"createOrUpdateIfMatchETag","priority":5,"labels":{"a":"b"},"metrics":{"queries":{"m":"SELECT * FROM devices"}},"content":{"deviceContent":{"properties.desired.a":{"b":[1]}}}}"""u8.ToArray(),
            """{"id":"c2","targetCondition":"*","content":{"modulesContent":{"$edgeAgent":{"properties.desired":{"modules":{}}}}},"systemMetrics":null}"""u8.ToArray(),
        ],
        static input =>
        {
            var read = ImportedConfiguration.Read(input);
            Assert.True(read.IsOk || read.Error.HttpStatus is >= 400 and < 500);
        },
        Options);

    [Fact]
    public void The_lines_of_a_blob_are_all_of_it() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            var blob = new BlobLines(new MemoryStream(input.ToArray()), MaxLineBytes, input.Length);
            var bytes = 0L;
            while (Wait(blob.ReadAsync(CancellationToken.None)) is { } line)
            {
                Assert.True(line.Bytes > 0 && line.Text.Length <= MaxLineBytes && line.Text.Span.IndexOf((byte)'\n') < 0);
                bytes += line.Bytes;
            }

            Assert.Equal((input.Length, false), (bytes, blob.IsTooLong));
            blob.DisposeAsync().AsTask().GetAwaiter().GetResult();
        },
        Options);

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
