using System.Text;
using System.Text.Json;
using Gatehouse.Hub.Queries.Language;
using Xunit;

namespace Gatehouse.Hub.Tests.Queries;

/// <summary>The language on twins in memory: types never mix, undefined is never a yes.</summary>
public sealed class ConditionTests
{
    private static readonly DocumentSubject Twin = new(JsonDocument.Parse("""
        {
          "deviceId": "d1", "status": "enabled", "connectionState": "Connected", "lastActivityTime": "2026-11-24T08:00:00Z", "capabilities": { "iotEdge": true },
          "tags": { "site": "north", "floor": 3, "ratio": 0.1, "flag": true, "off": false, "nothing": null, "list": [1, { "x": "y" }], "2nd": 2, "with-dash": "yes", "Ünïcode": "ß", "in": 1, "half": "\ud800" },
          "properties": { "desired": { "t": 5, "$version": 7 }, "reported": { "t": 6, "$metadata": { "t": { "$lastUpdated": "2026-01-01T00:00:00Z" } } } },
          "configurations": { "my-config": { "status": "Applied" } }
        }
        """).RootElement);

    [Theory]
    [InlineData("deviceId = 'd1'")]
    [InlineData("DEVICEID = \"d1\"")]
    [InlineData("devices.deviceId = 'd1'")]
    [InlineData("tags.site = 'north'")]
    [InlineData("tags.site != 'south' AND tags.site <> 'east'")]
    [InlineData("tags.floor >= 3 AND tags.floor < 0x4 AND tags.floor = 3.0 AND tags.floor <= 3e0")]
    [InlineData("tags.ratio = 0.1")]
    [InlineData("tags.floor + 1 * 2 = 5 AND (tags.floor + 1) * 2 = 8 AND 7 % 4 = 3 AND 7 / 2 = 3.5")]
    [InlineData("-tags.floor = -3 AND - -1 = 1")]
    [InlineData("tags.flag")]
    [InlineData("tags.flag = true AND NOT tags.off")]
    [InlineData("tags.nothing = null")]
    [InlineData("tags.list[0] = 1 AND tags.list[1].x = 'y'")]
    [InlineData("tags.2nd = 2 AND tags.in = 1")]
    [InlineData("tags.[[with-dash]] = 'yes' AND tags[[with-dash]] = 'yes'")]
    [InlineData("tags.Ünïcode = '\\u00df'")]
    [InlineData("configurations.[[my-config]].status = 'Applied'")]
    [InlineData("properties.desired.$version = 7 AND properties.reported.$metadata.t.$lastUpdated < '2026-02'")]
    [InlineData("properties.reported.t > properties.desired.t")]
    [InlineData("capabilities.iotedge = true")]
    [InlineData("tags.floor in [1, 2, 3] and tags.site nin ['south', 7]")]
    [InlineData("tags.floor NIN ['3']")]
    [InlineData("IS_DEFINED(tags.site) AND NOT is_defined(tags.missing)")]
    [InlineData("tags.missing = 1 OR tags.site = 'north'")]
    [InlineData("lastActivityTime <= '2026-11-25'")]
    [InlineData("starts_with(tags.site, 'no') AND ends_with(tags.site, 'th') AND contains(tags.site, 'ort')")]
    [InlineData("concat(tags.site, '-', 'x') = 'north-x' AND length(tags.site) = 5 AND upper(tags.site) = 'NORTH'")]
    [InlineData("substring(tags.site, 1, 3) = 'ort' AND substring(tags.site, 9) = '' AND index_of(tags.site, 'r') = 2 AND index_of(tags.site, 'z') = -1")]
    [InlineData("abs(-2) = 2 AND power(2, 3) = 8 AND square(3) = 9 AND ceiling(1.2) = 2 AND floor(1.8) = 1 AND sign(-4) = -1 AND sqrt(9) = 3 AND exp(0) = 1")]
    [InlineData("as_number('12.5') = 12.5 AND is_null(tags.nothing) AND is_array(tags.list) AND is_object(tags) AND is_primitive(tags.site) AND is_bool(tags.off)")]
    [InlineData("'\\uD83D\\uDE00' > '\\uFFFF'")]
    public void Holds(string condition) => Assert.True(IsTrue(condition));

    [Theory]
    [InlineData("tags.floor = '3'")]
    [InlineData("tags.floor != '3'")]
    [InlineData("NOT tags.floor = '3'")]
    [InlineData("tags.missing = 1")]
    [InlineData("NOT tags.missing = 1")]
    [InlineData("tags.missing != 1")]
    [InlineData("tags.missing = undefined")]
    [InlineData("undefined = undefined")]
    [InlineData("tags.list = tags.list")]
    [InlineData("tags = tags")]
    [InlineData("tags.nothing = 0")]
    [InlineData("tags.nothing < 1")]
    [InlineData("tags.flag > false")]
    [InlineData("tags.site")]
    [InlineData("tags.floor")]
    [InlineData("NOT tags.floor")]
    [InlineData("tags.Site = 'north'")]
    [InlineData("tags.missing NIN [1]")]
    [InlineData("tags.list IN [1]")]
    [InlineData("tags.half = tags.half")]
    [InlineData("1 / 0 = 1 / 0")]
    [InlineData("tags.site + 1 = 1")]
    [InlineData("tags.list[9] = 1")]
    [InlineData("tags.site.deeper = 1")]
    [InlineData("tags.missing = 1 AND tags.site = 'north'")]
    [InlineData("length(tags.floor) = 1")]
    [InlineData("false")]
    [InlineData("null")]
    public void Does_not_hold(string condition) => Assert.False(IsTrue(condition));

    [Theory]
    [InlineData("", 1)]
    [InlineData("tags.site =", 12)]
    [InlineData("tags.site = 'north", 13)]
    [InlineData("tags.site = north'", 18)]
    [InlineData("tags.site == 'north'", 12)]
    [InlineData("tags. = 1", 7)]
    [InlineData("tags.a = 1 tags.b = 2", 12)]
    [InlineData("tags.a IN 1", 11)]
    [InlineData("tags.a IN [tags.b]", 12)]
    [InlineData("tags.a IN [1", 13)]
    [InlineData("sleep(1) = 1", 1)]
    [InlineData("is_defined() = true", 1)]
    [InlineData("(tags.a = 1", 12)]
    [InlineData("a ; drop table twins", 3)]
    [InlineData("a = 'x' /* comment */", 10)]
    [InlineData("a = 'x' -- a comment", 14)]
    [InlineData("a = 12abc", 5)]
    [InlineData("a = 0x", 5)]
    [InlineData("a = '\\u0000'", 5)]
    [InlineData("a = '\\ud800'", 5)]
    [InlineData("a = '\\x'", 6)]
    [InlineData("tags.[[]] = 1", 6)]
    [InlineData("tags.a[1.5] = 1", 8)]
    [InlineData("tags.a[99999999] = 1", 8)]
    [InlineData("{x} = 1", 1)]
    [InlineData("a = 1e999", 5)]
    public void A_text_that_is_no_condition_is_refused_with_its_position(string condition, int position)
    {
        var error = Condition.Parse(condition, QueryScope.Twin).Error;

        Assert.Equal(400004, error?.Code);
        Assert.StartsWith($"The query is not valid at position {position}:", error!.Message);
    }

    [Fact]
    public void Length_and_depth_are_bounded_and_the_longest_and_deepest_pass()
    {
        Assert.True(Condition.Parse($"tags.a = '{new string('x', 8192 - 11)}'", QueryScope.Twin).IsOk);
        Assert.Equal(400004, Condition.Parse($"tags.a = '{new string('x', 8192 - 10)}'", QueryScope.Twin).Error?.Code);
        Assert.True(Condition.Parse(Nest("(", ")", 47), QueryScope.Twin).IsOk);
        Assert.Contains("nested too deep", Condition.Parse(Nest("(", ")", 48), QueryScope.Twin).Error?.Message);
        Assert.Contains("nested too deep", Condition.Parse(Nest("NOT ", "", 2000), QueryScope.Twin).Error?.Message);
        Assert.Contains("nested too deep", Condition.Parse(Nest("abs(", ")", 1000), QueryScope.Twin).Error?.Message);
        Assert.Contains("nested too deep", Condition.Parse(new string('-', 8000) + "1 = 1", QueryScope.Twin).Error?.Message);
        Assert.Contains("too many operators", Condition.Parse(string.Concat(Enumerable.Repeat("1+", 4000)) + "1 = 1", QueryScope.Twin).Error?.Message);
        Assert.True(IsTrue(string.Join(" OR ", Enumerable.Repeat("tags.floor = 9", 400)) + " OR true"));

        static string Nest(string open, string close, int depth) => string.Concat(Enumerable.Repeat(open, depth)) + "true" + string.Concat(Enumerable.Repeat(close, depth));
    }

    [Fact]
    public void A_text_that_functions_blow_up_becomes_undefined_at_its_bound()
    {
        var text = new string('x', 4096);
        var sixteen = $"CONCAT({string.Join(",", Enumerable.Repeat("tags.t", 16))})";
        var subject = new DocumentSubject(JsonDocument.Parse($$"""{"tags":{"t":"{{text}}" } }""").RootElement);

        Assert.True(Condition.Parse($"LENGTH({sixteen}) = 65536", QueryScope.Twin).Value.IsTrue(subject));
        Assert.True(Condition.Parse($"NOT IS_DEFINED(CONCAT({sixteen}, 'x'))", QueryScope.Twin).Value.IsTrue(subject));
        Assert.Equal(65536, Encoding.UTF8.GetByteCount(text) * 16);
    }

    private static bool IsTrue(string condition)
    {
        var parsed = Condition.Parse(condition, QueryScope.Twin);
        Assert.Null(parsed.Error?.Message);
        return parsed.Value.IsTrue(Twin);
    }
}
