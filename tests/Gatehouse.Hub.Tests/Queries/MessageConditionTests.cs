using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Queries.Language;
using Xunit;

namespace Gatehouse.Hub.Tests.Queries;

/// <summary>Conditions of routes on stored messages.</summary>
public sealed class MessageConditionTests
{
    private const string Body = """{"temperature":50,"Weather":{"HistoricalData":[{"Month":"Feb","Temperature":40}]},"s":"a\"b","half":"\udc00"}""";

    private static readonly DateTimeOffset Enqueued = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("processingPath = 'hot'")]
    [InlineData("PROCESSINGPATH = 'hot' AND NOT is_defined(missing)")]
    [InlineData("level = '5' AND as_number(level) > 4")]
    [InlineData("is_null(empty)")]
    [InlineData("{with-dash} = '1' AND {processingPath} = 'hot'")]
    [InlineData("$contentType = 'application/json' AND $contentEncoding = 'utf-8'")]
    [InlineData("$connectionDeviceId = 'd1' AND {$connectionDeviceId} = 'd1' AND $iothub-connection-device-id = 'd1'")]
    [InlineData("$dt-dataschema = 'dtmi:x;1' AND $dt-subject = 'comp'")]
    [InlineData("$enqueuedTime > '2026-11-24' AND $enqueuedTime < '2026-11-25'")]
    [InlineData("$processingPath = 'hot'")]
    [InlineData("messageId = 'own' AND $messageId = 'system'")]
    [InlineData("$body.temperature > 40")]
    [InlineData("$body.Weather.HistoricalData[0].Month = 'Feb' AND $BODY.s = 'a\"b'")]
    [InlineData("is_object($body) AND is_array($body.Weather.HistoricalData)")]
    [InlineData("$twin.tags.site = 'north' AND $twin.properties.desired.t = $body.temperature")]
    [InlineData("true")]
    [InlineData("a-b = 1 OR true")]
    public void Holds(string condition) => Assert.True(IsTrue(condition));

    [Theory]
    [InlineData("level > 4")]
    [InlineData("$connectionModuleId = 'm1'")]
    [InlineData("$body.missing = 1")]
    [InlineData("$body.half = $body.half")]
    [InlineData("$body.Temperature = 50")]
    [InlineData("$twin.tags.missing = 1")]
    [InlineData("empty = ''")]
    public void Does_not_hold(string condition) => Assert.False(IsTrue(condition));

    [Theory]
    [InlineData("temperature.x = 1")]
    [InlineData("$twin = 1")]
    [InlineData("$contentType.x = 1")]
    [InlineData("{unclosed = 1")]
    public void A_path_that_no_message_can_have_is_refused(string condition) => Assert.False(Condition.Parse(condition, QueryScope.Message).IsOk);

    [Theory]
    [InlineData("application/json", "utf-8", true)]
    [InlineData("APPLICATION/JSON; charset=utf-8", "UTF-8", true)]
    [InlineData("application/json", "utf-16", true)]
    [InlineData("application/json", "utf-32", true)]
    [InlineData("application/json", "base64", false)]
    [InlineData("application/json", null, false)]
    [InlineData("text/plain", "utf-8", false)]
    [InlineData(null, "utf-8", false)]
    public void A_body_is_looked_into_only_when_it_is_said_to_be_JSON_in_Unicode(string? type, string? encoding, bool holds)
    {
        var bytes = (encoding switch { "utf-16" => Encoding.Unicode, "utf-32" => Encoding.UTF32, _ => Encoding.UTF8 }).GetBytes(Body);
        using var subject = new MessageSubject();
        subject.Take(Record(bytes, type, encoding), Enqueued);

        Assert.Equal(holds, Parse("$body.temperature = 50").IsTrue(subject));
    }

    [Theory]
    [InlineData("{\"a\":1")]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("{\"\\ud800\":1,\"b\":2}")]
    public void A_body_that_is_no_JSON_is_undefined_and_never_a_failure(string body)
    {
        using var subject = new MessageSubject();
        subject.Take(Record(Encoding.UTF8.GetBytes(body), "application/json", "utf-8"), Enqueued);

        Assert.False(Parse("$body.a = 1").IsTrue(subject));
    }

    [Fact]
    public void A_body_nested_past_the_bound_is_undefined()
    {
        using var subject = new MessageSubject();
        subject.Take(Record(Nested(64), "application/json", "utf-8"), Enqueued);
        Assert.True(Parse("is_array($body)").IsTrue(subject));

        subject.Take(Record(Nested(65), "application/json", "utf-8"), Enqueued);
        Assert.False(Parse("is_array($body)").IsTrue(subject));

        static byte[] Nested(int depth) => Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));
    }

    [Fact]
    public void The_next_message_inherits_nothing()
    {
        using var subject = new MessageSubject { Twin = JsonDocument.Parse("""{"tags":{"site":"north"}}""").RootElement };
        subject.Take(Record(Encoding.UTF8.GetBytes(Body), "application/json", "utf-8"), Enqueued);
        Assert.True(Parse("$body.temperature = 50").IsTrue(subject));

        subject.Take(Record("{}"u8.ToArray(), "application/json", "utf-8"), Enqueued);

        Assert.False(Parse("$body.temperature = 50 OR $twin.tags.site = 'north'").IsTrue(subject));
    }

    [Fact]
    public void A_condition_that_leaves_the_body_alone_allocates_nothing()
    {
        var condition = Parse("processingPath = 'hot' AND $connectionDeviceId IN ['d1', 'd2'] AND NOT is_defined(missing) AND as_number(level) + 1 > 5 AND starts_with(processingPath, 'h')");
        var record = Record(Encoding.UTF8.GetBytes(Body), "application/json", "utf-8");
        using var subject = new MessageSubject();
        for (var i = 0; i < 100; i++)
        {
            subject.Take(record, Enqueued);
            Assert.True(condition.IsTrue(subject));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        subject.Take(record, Enqueued);
        _ = condition.IsTrue(subject);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.False(condition.UsesBody || condition.UsesTwin);
        Assert.True(Parse("concat(level, $body.s) = 'x'").UsesBody);
        Assert.True(Parse("NOT ($twin.tags.x IN [1])").UsesTwin);
    }

    private static Condition Parse(string condition)
    {
        var parsed = Condition.Parse(condition, QueryScope.Message);
        Assert.Null(parsed.Error?.Message);
        return parsed.Value;
    }

    private static bool IsTrue(string condition)
    {
        using var subject = new MessageSubject();
        subject.Take(Record(Encoding.UTF8.GetBytes(Body), "application/json", "utf-8"), Enqueued);
        subject.Twin = JsonDocument.Parse("""{"tags":{"site":"north"},"properties":{"desired":{"t":50}}}""").RootElement;
        return Parse(condition).IsTrue(subject);
    }

    private static byte[] Record(byte[] body, string? type, string? encoding)
    {
        var head = new byte[1024];
        var writer = new EventWriter(head);
        Assert.True(writer.TryAddEncoded(EventWriter.EncodeFields(
            (EventField.ConnectionDeviceId, "d1"),
            (EventField.MessageId, "system"),
            (EventField.ModelId, "dtmi:x;1"),
            (EventField.Subject, "comp"),
            (EventField.ContentType, type),
            (EventField.ContentEncoding, encoding))));
        Assert.True(writer.TryAddApplication("processingPath"u8, "hot"u8));
        Assert.True(writer.TryAddApplication("level"u8, "5"u8));
        Assert.True(writer.TryAddApplication("with-dash"u8, "1"u8));
        Assert.True(writer.TryAddApplication("messageId"u8, "own"u8));
        Assert.True(writer.TryAddApplicationNull("empty"u8));
        return [.. writer.Complete(), .. body];
    }
}
