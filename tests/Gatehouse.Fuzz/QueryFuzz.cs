using System.Text;
using System.Text.Json;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Queries.Sql;
using Xunit;

namespace Gatehouse.Fuzz;

/// <summary>Whole queries and continuations: refused with their position, or SQL in which nothing of the query's own words stands.</summary>
public sealed class QueryFuzz
{
    private static readonly byte[][] Words =
    [
        .. new[] { "zq", "'zq'", "[[zq]]", "tags.", "properties.reported.", "COUNT()", "AVG(", "GROUP BY ", "TOP 3 ", "FROM devices", ".modules", " AND ", " OR ", "NOT ", " IN ['zq', 1]", "$version", "[0]", "\\u0027", "''", "--", "AS " }.Select(Encoding.UTF8.GetBytes),
    ];

    [Fact]
    public void Queries_are_refused_or_become_sql_without_their_own_words() => FuzzRun.Run(
        [
            "SELECT deviceId AS id, tags.zq.[[z q]] FROM devices WHERE tags.site = 'zq' AND properties.reported.zq[1] > 3"u8.ToArray(),
            "SELECT tags.kind, COUNT() AS n, AVG(properties.reported.zq) FROM devices.modules WHERE NOT (tags.zq IN ['zq', 2, true]) GROUP BY tags.kind"u8.ToArray(),
            "SELECT TOP 5 * FROM devices WHERE starts_with(tags.zq, 'zq') OR status = 'zq'"u8.ToArray(),
        ],
        static input =>
        {
            var query = Query.Parse(Encoding.UTF8.GetString(input));
            if (!query.IsOk)
            {
                Assert.Equal(400004, query.Error.Code);
                return;
            }

            foreach (var dialect in new[] { "sqlite", "postgres" })
            {
                var (sql, twin) = (new SqlText(), TwinSql.For(dialect));
                sql.Text.Append(ConditionSql.Translate(sql, twin, isModule: true, query.Value.Condition.Expression).Sql);
                foreach (var driver in TagDriver.FindAll(query.Value.Condition.Expression))
                {
                    sql.Text.Append(driver.Where(sql));
                }

                foreach (var path in query.Value.Condition.Paths.Concat(query.Value.GroupBy))
                {
                    sql.Text.Append(ValueSql.Find(sql, twin, isModule: false, path)?.Sql);
                }

                Assert.DoesNotContain("zq", sql.Text.ToString(), StringComparison.OrdinalIgnoreCase);
            }
        },
        new FuzzOptions { Words = Words, AllocationBytes = 256 * 1024, AllocationBytesPerByte = 2048 });

    [Fact]
    public void Continuations_are_those_that_were_made_or_nothing() => FuzzRun.Run(
        [
            Encoding.ASCII.GetBytes(new Continuation(Continuation.Fingerprint("q"), "d1", "m1", 7, 0).Encode()),
            Encoding.ASCII.GetBytes(System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""["{{Continuation.Fingerprint("q")}}","\u0000",null,1e9,-1,[]]"""))),
        ],
        static input =>
        {
            if (Continuation.Decode(Encoding.UTF8.GetString(input), "q") is { } made)
            {
                Assert.Equal(made, Continuation.Decode(made.Encode(), "q"));
            }
        },
        new FuzzOptions { AllocationBytes = 128 * 1024 });

    [Fact]
    public void A_value_is_read_from_its_text_as_from_a_document() => FuzzRun.Run(
        ["\"text \\u00e9\""u8.ToArray(), "-1.5e300"u8.ToArray(), "[1,{\"a\":\"\\ud800\"}]"u8.ToArray(), "\"plain\""u8.ToArray(), "null"u8.ToArray()],
        static input =>
        {
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(Encoding.UTF8.GetString(input));
            }
            catch (JsonException)
            {
                return; // The store holds only what was valid.
            }

            using (document)
            {
                var (expected, read) = (Value.Of(document.RootElement), Value.OfJson(document.RootElement.GetRawText()));
                Assert.Equal(expected.Kind, read.Kind);
                Assert.True(!expected.IsPrimitive || Value.AreEqual(expected, read) == true);
            }
        },
        new FuzzOptions { AllocationBytes = 128 * 1024 });
}
