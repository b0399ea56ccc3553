using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Twins;
using Xunit;

namespace Gatehouse.Hub.Tests.Configurations;

/// <summary>What a configuration may say, at each bound and one past it.</summary>
public sealed class ConfigurationRuleTests
{
    [Theory]
    [InlineData("""{"deviceContent":{"properties.desired.a":1}}""")]
    [InlineData("""{"deviceContent":{"properties.desired":{"a":1}}}""")]
    [InlineData("""{"deviceContent":null,"moduleContent":{"properties.desired.a.b":{"c":null}},"modulesContent":{}}""")]
    [InlineData("""{"modulesContent":{"$edgeAgent":{"properties.desired.modules.m":{}},"m":{"properties.desired":{"x":1}}}}""")]
    [InlineData("""{"modulesContent":{"$edgeAgent":{"properties.desired":{}},"$edgeHub":{"properties.desired":{}}}}""")]
    public void Content_of_each_kind_is_taken(string content) => Assert.True(Read(content).IsOk);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"deviceContent":{}}""")]
    [InlineData("""{"deviceContent":[]}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a":1},"moduleContent":{"properties.desired.a":1}}""")]
    [InlineData("""{"deviceContent":{"tags.a":1}}""")]
    [InlineData("""{"deviceContent":{"properties.reported.a":1}}""")]
    [InlineData("""{"deviceContent":{"properties.desiredx":1}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.":1}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a..b":1}}""")]
    [InlineData("""{"deviceContent":{"properties.desired":7}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.$version":7}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a b":7}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a":{"b.c":1}}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a":9007199254740993}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a":1,"properties.desired.a.b":1}}""")]
    [InlineData("""{"deviceContent":{"properties.desired.a.b.c.d.e.f.g.h.i.j.k":1}}""")]
    [InlineData("""{"modulesContent":{"a/b":{"properties.desired.a":1}}}""")]
    [InlineData("""{"modulesContent":{"m":7}}""")]
    [InlineData("""{"modulesContent":{"$edgeAgent":{"properties.desired":{}}}}""")]
    [InlineData("""{"modulesContent":{"$edgeAgent":{"properties.desired":{}},"$edgeHub":{"properties.desired.routes.r":"x"}}}""")]
    public void Other_content_is_refused(string content) => Assert.Equal("InvalidConfigurationContent", Read(content).Error?.Name);

    [Fact]
    public void Content_has_bounds()
    {
        var options = new ConfigurationOptions { MaxEdgeModules = 2, MaxContentBytes = 140 };

        Assert.True(Read("""{"modulesContent":{"$edgeAgent":{"properties.desired.modules.a":{},"properties.desired.modules.b":{}},"b":{"properties.desired.x":1}}}""", options).IsOk);
        Assert.False(Read("""{"modulesContent":{"$edgeAgent":{"properties.desired.modules.a":{},"properties.desired.modules.b":{}},"c":{"properties.desired.x":1}}}""", options).IsOk);
        var around = "{\"deviceContent\":{\"properties.desired.a\":\"\"}}".Length;
        Assert.True(Read($"{{\"deviceContent\":{{\"properties.desired.a\":\"{new string('x', 140 - around)}\"}}}}", options).IsOk);
        Assert.False(Read($"{{\"deviceContent\":{{\"properties.desired.a\":\"{new string('x', 141 - around)}\"}}}}", options).IsOk);
    }

    [Theory]
    [InlineData(ContentKind.Device, "*")]
    [InlineData(ContentKind.Device, "")]
    [InlineData(ContentKind.Device, "tags.a = 'x' AND NOT properties.reported.b IN [1,2] OR deviceId = 'd' AND capabilities.iotEdge = false")]
    [InlineData(ContentKind.Edge, "*")]
    [InlineData(ContentKind.Edge, "tags.a = 1 OR tags.b = 2")]
    [InlineData(ContentKind.Module, "*")]
    [InlineData(ContentKind.Module, "")]
    [InlineData(ContentKind.Module, "from devices.modules where moduleId = 'm'")]
    [InlineData(ContentKind.Module, "FROM devices.modules")]
    public void A_target_condition_of_each_kind_is_taken(ContentKind kind, string condition) => Assert.True(ConfigurationTarget.Read(condition, kind).IsOk);

    [Theory]
    [InlineData(ContentKind.Device, "tags.a =")]
    [InlineData(ContentKind.Device, "FROM devices WHERE tags.a = 1")]
    [InlineData(ContentKind.Device, "tags.a = 1 GROUP BY deviceId")]
    [InlineData(ContentKind.Device, "properties.desired.a = 1")]
    [InlineData(ContentKind.Device, "connectionState = 'Connected'")]
    [InlineData(ContentKind.Device, "configurations.[[x]].status = 'Applied'")]
    [InlineData(ContentKind.Device, "properties.reported.$version > 1")]
    [InlineData(ContentKind.Edge, "true) OR (true")]
    [InlineData(ContentKind.Module, "tags.a = 1")]
    [InlineData(ContentKind.Module, "FROM devices WHERE tags.a = 1")]
    [InlineData(ContentKind.Module, "FROM devices.jobs")]
    [InlineData(ContentKind.Module, "FROM devices.modules WHERE tags.a = 1 GROUP BY deviceId")]
    public void Other_target_conditions_are_refused(ContentKind kind, string condition) =>
        Assert.Equal("InvalidConfigurationTargetCondition", ConfigurationTarget.Read(condition, kind).Error?.Name);

    [Theory]
    [InlineData("c", true)]
    [InlineData("my-config_1.%:'()*?!$@=;,#+~", true)]
    [InlineData("", false)]
    [InlineData("Upper", false)]
    [InlineData("a b", false)]
    [InlineData("a/b", false)]
    [InlineData("a]b", false)]
    [InlineData("é", false)]
    [InlineData("a\n", false)]
    public void An_id_is_as_documented(string id, bool isOne) => Assert.Equal(isOne, ConfigurationRules.CheckId(id) is null);

    [Fact]
    public void An_id_has_at_most_128_characters()
    {
        Assert.Null(ConfigurationRules.CheckId(new string('a', 128)));
        Assert.NotNull(ConfigurationRules.CheckId(new string('a', 129)));
    }

    [Fact]
    public void Labels_and_metrics_have_bounds()
    {
        var options = new ConfigurationOptions { MaxLabels = 1, MaxMetrics = 1 };

        Assert.Null(ConfigurationRules.CheckLabels(Json($"{{\"a\":\"{new string('x', 512)}\"}}"), options));
        Assert.NotNull(ConfigurationRules.CheckLabels(Json($"{{\"a\":\"{new string('x', 513)}\"}}"), options));
        Assert.NotNull(ConfigurationRules.CheckLabels(Json("""{"a":"","b":""}"""), options));
        Assert.NotNull(ConfigurationRules.CheckLabels(Json("""{"a":1}"""), options));
        Assert.Null(ConfigurationRules.CheckMetrics(Json("""{"a":"SELECT * FROM devices"}"""), options));
        Assert.NotNull(ConfigurationRules.CheckMetrics(Json("""{"a":"SELECT * FROM devices","b":"SELECT * FROM devices"}"""), options));
        Assert.NotNull(ConfigurationRules.CheckMetrics(Json("""{"a":"SELECT * FROM devices.jobs"}"""), options));
        Assert.NotNull(ConfigurationRules.CheckMetrics(Json("""{"a":"SELECT"}"""), options));
        Assert.NotNull(ConfigurationRules.CheckMetrics(Json("""{"":"SELECT * FROM devices"}"""), options));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"id":7}""")]
    [InlineData("""{"targetCondition":7}""")]
    [InlineData("""{"priority":-1}""")]
    [InlineData("""{"priority":2147483648}""")]
    [InlineData("""{"priority":"1"}""")]
    [InlineData("""{"priority":1.5}""")]
    [InlineData("""{"content":[]}""")]
    [InlineData("""{"labels":[]}""")]
    [InlineData("""{"metrics":{"queries":[]}}""")]
    [InlineData("""{"labels":{"a":"\u0000"}}""")]
    public void A_body_that_is_no_configuration_is_refused(string json) => Assert.Equal("ArgumentInvalid", ConfigurationInput.Parse(Encoding.UTF8.GetBytes(json)).Error?.Name);

    [Fact]
    public void Queries_can_be_tested_before_they_are_used()
    {
        var test = Hub.Configurations.Configurations.Test("tags.a =", new Dictionary<string, string> { ["good"] = "SELECT * FROM devices", ["bad"] = "SELECT" });

        Assert.NotNull(test.TargetConditionError);
        Assert.Equal(["bad"], test.CustomMetricQueryErrors.Keys);
        Assert.Null(Hub.Configurations.Configurations.Test("from devices.modules where tags.a = 1", new Dictionary<string, string>()).TargetConditionError);
        Assert.Null(Hub.Configurations.Configurations.Test(null, new Dictionary<string, string>()).TargetConditionError);
    }

    [Theory]
    [InlineData("{}", "{}", null)]
    [InlineData("""{"a":1}""", """{"a":1}""", null)]
    [InlineData("""{"a":100}""", """{"a":1e2}""", null)] // as PostgreSQL writes it out
    [InlineData("""{"a":1.0}""", """{"a":1.0,"b":{}}""", """{"b":{}}""")]
    [InlineData("""{"a":{"b":1,"c":1}}""", """{"a":{"b":1}}""", """{"a":{"c":null}}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":7}""", """{"a":7}""")]
    [InlineData("""{"a":7}""", """{"a":{"b":1}}""", """{"a":{"b":1}}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2]}""", """{"a":[2]}""")]
    [InlineData("""{"a":1}""", "{}", """{"a":null}""")]
    public void A_difference_is_the_smallest_patch(string from, string to, string? patch)
    {
        var made = ConfigurationMerge.Difference(Json(from), Json(to));

        Assert.Equal(patch, made?.ToJsonString());
        var target = Json(from);
        TwinMerge.Apply(target, null, made ?? [], default);
        Assert.True(JsonNode.DeepEquals(target, Json(to)));
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static Result<ConfigurationContent> Read(string content, ConfigurationOptions? options = null) => ConfigurationContent.Read(Json(content), new TwinOptions(), options ?? new());
}
