using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Hub.Queries.Language;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Conditions of queries and routes: every text is a condition or refused with its position, and whatever is a condition has an answer.</summary>
public sealed class ConditionFuzz
{
    private static readonly byte[][] Words =
    [
        "AND"u8.ToArray(), "NOT"u8.ToArray(), "IN"u8.ToArray(), "[["u8.ToArray(), "]]"u8.ToArray(), "$body."u8.ToArray(), "CONCAT("u8.ToArray(), "substring("u8.ToArray(), "\\u"u8.ToArray(), "0x"u8.ToArray(), "1e308"u8.ToArray(),
        "undefined"u8.ToArray(), "tags."u8.ToArray(), "<>"u8.ToArray(), "power("u8.ToArray(),
    ];

    // A word can be one character long, and costs a token and a node of the tree.
    private static readonly FuzzOptions Options = new() { Words = Words, AllocationBytesPerByte = 256 };

    private static readonly DocumentSubject Twin = new(JsonDocument.Parse("""{"deviceId":"d1","tags":{"site":"north","n":3,"list":[1,"\ud800"],"nothing":null},"properties":{"desired":{},"reported":{"x":1e300}}}""").RootElement);

    private static readonly byte[] Record = MakeRecord("""{"s":"text","n":-0.5,"list":[{"a":"\udc00"}]}"""u8);

    [Fact]
    public void Conditions_on_twins_are_answered_or_refused() => FuzzRun.Run(
        [
            "tags.site = 'north' AND properties.reported.x > 1 + 2 * 3"u8.ToArray(),
            "NOT is_defined(tags.[[a-b]]) OR deviceId IN ['d1', \"d2\"]"u8.ToArray(),
            "concat(tags.site, 'x', substring(tags.site, 1, 2)) <> upper('\\u00e4') AND power(tags.n, 2) % 3 = 0"u8.ToArray(),
        ],
        input => Ask(Encoding.UTF8.GetString(input), QueryScope.Twin, Twin),
        Options);

    [Fact]
    public void Conditions_on_messages_are_answered_or_refused() => FuzzRun.Run(
        [
            "level = 'storage' AND $body.list[0].a = 1 AND $contentType = 'application/json'"u8.ToArray(),
            "{with-dash} NIN ['1'] AND as_number($body.n) < 0 AND length($body.s) = 4"u8.ToArray(),
        ],
        input =>
        {
            using var subject = new MessageSubject();
            subject.Take(Record, DateTimeOffset.UnixEpoch);
            Ask(Encoding.UTF8.GetString(input), QueryScope.Message, subject);
        },
        Options);

    [Fact]
    public void Bodies_of_messages_are_read_or_undefined() => FuzzRun.Run(
        ["""{"s":"text","n":-0.5,"list":[{"a":"\udc00"}]}"""u8.ToArray(), "[[[[1]]]]"u8.ToArray()],
        input =>
        {
            using var subject = new MessageSubject();
            subject.Take(MakeRecord(input), DateTimeOffset.UnixEpoch);
            Ask("$body.list[0].a = 'x' OR $body.s > 'a' OR is_array($body[0][0])", QueryScope.Message, subject);
        });

    private static void Ask(string text, QueryScope scope, Subject subject)
    {
        var condition = Condition.Parse(text, scope);
        if (condition.IsOk)
        {
            Assert.Equal(condition.Value.IsTrue(subject), condition.Value.IsTrue(subject));
        }
        else
        {
            Assert.Equal(400004, condition.Error.Code);
        }
    }

    private static byte[] MakeRecord(ReadOnlySpan<byte> body)
    {
        var writer = new EventWriter(new byte[256]);
        writer.TryAddEncoded(EventWriter.EncodeFields((EventField.ContentType, "application/json"), (EventField.ContentEncoding, "utf-8")));
        writer.TryAddApplication("level"u8, "storage"u8);
        return [.. writer.Complete(), .. body];
    }
}
