using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Enrollments.Conditions;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>Conditions of queries over enrollments.</summary>
public sealed class ConditionTests
{
    private static readonly JsonObject Document = JsonNode.Parse("""{"status":"disabled","it":"it's","capabilities":{"iotEdge":true},"count":3,"nothing":null}""")!.AsObject();

    [Theory]
    [InlineData("status = 'disabled'", true)]
    [InlineData("STATUS = 'disabled'", true)]
    [InlineData("status = 'Disabled'", false)]
    [InlineData("status <> 'enabled'", true)]
    [InlineData("status != 'disabled'", false)]
    [InlineData("it = 'it''s'", true)]
    [InlineData("capabilities.iotEdge = true", true)]
    [InlineData("capabilities.iotEdge != true", false)]
    [InlineData("count >= 3 AND count < 3.5", true)]
    [InlineData("count > 3 OR count <= -1e2", false)]
    [InlineData("nothing = null", true)]
    [InlineData("NOT (status = 'disabled' AND count = 3)", false)]
    [InlineData("status = 'x' OR status = 'y' OR count = 3", true)]
    [InlineData("missing = 'x'", null)]
    [InlineData("NOT missing = 'x'", null)]
    [InlineData("missing = 'x' OR count = 3", true)]
    [InlineData("missing = 'x' AND count = 4", false)]
    [InlineData("count = '3'", null)]
    [InlineData("status.more = 'x'", null)]
    public void A_condition_is_true_false_or_cannot_be_said(string condition, bool? expected)
    {
        Assert.True(ConditionParser.TryParse($"SELECT * FROM enrollments WHERE {condition}", out var collection, out var parsed));

        Assert.Equal(("enrollments", expected), (collection, parsed!.Judge(Document)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SELECT * FROM")]
    [InlineData("SELECT a FROM enrollments")]
    [InlineData("SELECT * FROM enrollments WHERE")]
    [InlineData("SELECT * FROM enrollments WHERE a")]
    [InlineData("SELECT * FROM enrollments WHERE a =")]
    [InlineData("SELECT * FROM enrollments WHERE a = b")]
    [InlineData("SELECT * FROM enrollments WHERE a = 'x")]
    [InlineData("SELECT * FROM enrollments WHERE 'x' = 'x'")]
    [InlineData("SELECT * FROM enrollments WHERE (a = 1")]
    [InlineData("SELECT * FROM enrollments WHERE a = 1)")]
    [InlineData("SELECT * FROM enrollments WHERE a = 1 AND")]
    [InlineData("SELECT * FROM enrollments WHERE is_defined(a)")]
    [InlineData("SELECT * FROM enrollments; DROP")]
    public void What_is_not_understood_is_refused(string query) => Assert.False(ConditionParser.TryParse(query, out _, out _));

    [Fact]
    public void Nesting_and_length_have_a_limit()
    {
        string Nested(int levels) => $"SELECT * FROM enrollments WHERE {new string('(', levels)}a = 1{new string(')', levels)}";

        Assert.True(ConditionParser.TryParse(Nested(31), out _, out _));
        Assert.False(ConditionParser.TryParse(Nested(32), out _, out _));
        Assert.True(ConditionParser.TryParse("SELECT * FROM enrollments WHERE a = 1".PadRight(4096), out _, out _));
        Assert.False(ConditionParser.TryParse("SELECT * FROM enrollments WHERE a = 1".PadRight(4097), out _, out _));
    }
}
