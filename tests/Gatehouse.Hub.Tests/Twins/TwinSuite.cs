using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Twins;

public sealed class SqliteTwinTests() : TwinSuite(null);

public sealed class PostgresTwinTests(PostgresServer server) : TwinSuite(server);

/// <summary>Twins from the first write to the last, as back end and device see them, on both databases.</summary>
public abstract class TwinSuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<TwinHost> StartAsync(TwinOptions? options = null) => new(await HubHost.StartAsync(new HubOptions { Twins = options ?? new() }, server));

    [Fact]
    public async Task A_new_identity_has_a_twin_of_version_2_with_two_empty_halves_of_version_1()
    {
        await using var twins = await StartAsync();
        var identity = (await twins.Host.PutAsync("d1")).Value;

        var twin = await twins.GetAsync("d1");

        Assert.Equal((2, 1, 1, "{}", "{}", "{}"), (twin.Version, twin.Desired.Version, twin.Reported.Version, Text(twin.Tags), Text(twin.Desired.Json), Text(twin.Reported.Json)));
        Assert.Equal("""{"$lastUpdated":"0001-01-01T00:00:00Z"}""", Text(twin.Desired.Metadata).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal((identity.ETag, identity.GenerationId, true, "sas"), (twin.DeviceETag, twin.GenerationId, twin.IsEnabled, twin.AuthenticationType));
        Assert.Equal(8, Convert.FromBase64String(twin.ETag).Length);
        Assert.Equal("""{"desired":{"$version":1},"reported":{"$version":1}}""", await twins.ReadAsync("d1"));
    }

    [Fact]
    public async Task A_patch_merges_tags_and_desired_properties_and_leaves_a_record()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        var first = (await twins.PatchAsync("d1", """{"tags":{"site":{"hall":1,"rack":"b"}},"properties":{"desired":{"a":1,"list":[1,{"x":null}],"o":{"p":true}},"reported":{"not":"mine"}}}""")).Value;
        var second = (await twins.PatchAsync("d1", """{"tags":{"site":{"hall":null}},"properties":{"desired":{"a":null,"list":[2],"o":{"p":null,"q":2.50}}}}""")).Value;

        Assert.Equal((3, 4), (first.Version, second.Version));
        Assert.NotEqual(first.ETag, second.ETag);
        AssertJson("""{"site":{"rack":"b"}}""", second.Tags);
        AssertJson("""{"list":[2],"o":{"q":2.50}}""", second.Desired.Json);
        Assert.Contains("2.50", Text(second.Desired.Json), StringComparison.Ordinal); // numbers stay as they were written
        Assert.Equal((3, 1, "{}"), (second.Desired.Version, second.Reported.Version, Text(second.Reported.Json)));
        Assert.Equal(["device.create d1", "twin.update d1", "twin.update d1"], await twins.Host.AuditedAsync());
        AssertJson("""{"desired":{"list":[2],"o":{"q":2.50},"$version":3},"reported":{"$version":1}}""", await twins.ReadAsync("d1"));
    }

    [Fact]
    public async Task Metadata_says_when_and_in_which_version_each_property_was_last_written()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        await twins.PatchAsync("d1", """{"properties":{"desired":{"a":1,"o":{"p":1,"q":1}}}}""");
        twins.Host.Time.Advance(TimeSpan.FromSeconds(1));
        var twin = (await twins.PatchAsync("d1", """{"properties":{"desired":{"o":{"p":2},"a":{"b":[1]}}}}""")).Value;

        const string Old = "\"$lastUpdated\":\"2026-11-24T08:00:00.0000000Z\",\"$lastUpdatedVersion\":2";
        const string New = "\"$lastUpdated\":\"2026-11-24T08:00:01.0000000Z\",\"$lastUpdatedVersion\":3";
        AssertJson("{" + New + ",\"a\":{" + New + ",\"b\":{" + New + "}},\"o\":{" + New + ",\"p\":{" + New + "},\"q\":{" + Old + "}}}", twin.Desired.Metadata);
    }

    [Fact]
    public async Task A_replacement_makes_both_sections_what_it_says_and_forgets_the_rest()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        await twins.PatchAsync("d1", """{"tags":{"a":1},"properties":{"desired":{"a":1,"b":2}}}""");

        var twin = (await twins.ReplaceAsync("d1", """{"deviceId":"x","etag":"*","properties":{"desired":{"c":{"d":null,"e":3},"$version":9,"$metadata":{"c":{}}}}}""")).Value;

        AssertJson("{}", twin.Tags);
        AssertJson("""{"c":{"e":3}}""", twin.Desired.Json);
        Assert.False(JsonNode.Parse(twin.Desired.Metadata.Span)!.AsObject().ContainsKey("a"));
        Assert.Equal((4, 3), (twin.Version, twin.Desired.Version));
        Assert.Contains("twin.replace d1", await twins.Host.AuditedAsync());
    }

    [Fact]
    public async Task A_null_section_in_a_patch_removes_all_of_it_and_a_missing_one_is_left_alone()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        await twins.PatchAsync("d1", """{"tags":{"a":1},"properties":{"desired":{"a":1}}}""");

        var twin = (await twins.PatchAsync("d1", """{"tags":null}""")).Value;

        Assert.Equal("{}", Text(twin.Tags));
        AssertJson("""{"a":1}""", twin.Desired.Json);
        AssertJson("{}", (await twins.PatchAsync("d1", """{"properties":{"desired":null}}""")).Value.Desired.Json);
    }

    [Fact]
    public async Task A_write_under_an_old_etag_changes_nothing_and_one_of_nothing_writes_nothing()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        var before = await twins.GetAsync("d1");
        var written = (await twins.PatchAsync("d1", """{"tags":{"a":1}}""", IfMatch.Version(before.ETag))).Value;

        Assert.Equal("PreconditionFailed", (await twins.PatchAsync("d1", """{"tags":{"a":2}}""", IfMatch.Version(before.ETag))).Error?.Name);
        Assert.Equal(written.ETag, (await twins.PatchAsync("d1", "{}", IfMatch.Any)).Value.ETag);
        Assert.Equal((written.ETag, written.Version), ((await twins.GetAsync("d1")).ETag, (await twins.GetAsync("d1")).Version));
        Assert.Equal(["device.create d1", "twin.update d1"], await twins.Host.AuditedAsync());
    }

    [Fact]
    public async Task Reported_properties_are_merged_and_counted_and_a_wrong_expected_version_is_refused()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");

        Assert.Equal(2, (await twins.ReportAsync("d1", """{"t":21.50,"o":{"a":1}}""")).Value);
        Assert.Equal(3, (await twins.ReportAsync("d1", """{"o":{"a":null}}""", expected: 2)).Value);
        Assert.Same(HubErrors.PreconditionFailed.Name, (await twins.ReportAsync("d1", """{"x":1}""", expected: 2)).Error!.Name);
        Assert.Same(HubErrors.DeviceNotFound, (await twins.ReportAsync("none", """{"x":1}""")).Error);

        var twin = await twins.GetAsync("d1");
        AssertJson("""{"t":21.50,"o":{}}""", twin.Reported.Json);
        Assert.Equal((4, 3, 1), (twin.Version, twin.Reported.Version, twin.Desired.Version));
        AssertJson("""{"$lastUpdated":"2026-11-24T08:00:00.0000000Z","t":{"$lastUpdated":"2026-11-24T08:00:00.0000000Z"},"o":{"$lastUpdated":"2026-11-24T08:00:00.0000000Z"}}""", twin.Reported.Metadata);
        Assert.Equal(["device.create d1"], await twins.Host.AuditedAsync());
    }

    [Fact]
    public async Task Many_reports_at_once_are_each_counted_once_and_a_refused_one_harms_no_other()
    {
        await using var twins = await StartAsync(new TwinOptions { MaxPendingPerTwin = 1000, MaxReportedBytes = 100 });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => twins.Host.PutAsync($"d{i}")));

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => twins.ReportAsync($"d{i % 4}", i == 50 ? $$"""{"k":"{{new string('x', 200)}}"}""" : $$"""{"k":{{i}}}""")));

        Assert.Equal("MessageTooLarge", Assert.Single(results, result => !result.IsOk).Error!.Name);
        Assert.Equal<IEnumerable<long>>([26, 26, 25, 26], await Task.WhenAll(Enumerable.Range(0, 4).Select(async i => (await twins.GetAsync($"d{i}")).Reported.Version)));
    }

    [Fact]
    public async Task A_twin_goes_with_its_identity_and_a_namesake_begins_anew()
    {
        await using var twins = await StartAsync();
        var generation = (await twins.Host.PutAsync("d1")).Value.GenerationId;
        await twins.Host.PutAsync("d1/m1");
        Assert.True((await twins.ReportAsync("d1", """{"early":1}""", generationId: generation)).IsOk);
        await twins.PatchAsync("d1", """{"tags":{"secret":"old"},"properties":{"desired":{"a":1}}}""");
        await twins.ReportAsync("d1/m1", """{"a":1}""");
        var old = await twins.GetAsync("d1");
        await twins.Host.DeleteAsync("d1", IfMatch.Any);

        Assert.Same(HubErrors.DeviceNotFound, (await twins.Twins.GetAsync(twins.Host.Hub, HubHost.Key("d1"), Token)).Error);
        Assert.Same(HubErrors.DeviceNotFound, (await twins.Twins.ReadPropertiesAsync(twins.Host.Hub, HubHost.Key("d1/m1"), null, Token)).Error);
        Assert.Same(HubErrors.DeviceNotFound, (await twins.PatchAsync("d1", """{"tags":{}}""")).Error);
        Assert.Empty(await twins.TagRowsAsync());
        await twins.Host.PutAsync("d1");
        await twins.Host.PutAsync("d1/m1");
        Assert.Same(HubErrors.DeviceNotFound, (await twins.ReportAsync("d1", """{"late":1}""", generationId: generation)).Error);
        Assert.Same(HubErrors.DeviceNotFound, (await twins.Twins.ReadPropertiesAsync(twins.Host.Hub, HubHost.Key("d1"), generation, Token)).Error);
        Assert.Same(HubErrors.DeviceNotFound, (await twins.Twins.SetModelIdAsync(twins.Host.Hub, HubHost.Key("d1"), generation, "dtmi:a;1", Token)).Error);
        Assert.Equal((2, "{}"), ((await twins.GetAsync("d1")).Version, Text((await twins.GetAsync("d1/m1")).Reported.Json)));
        Assert.Equal("PreconditionFailed", (await twins.PatchAsync("d1", """{"tags":{}}""", IfMatch.Version(old.ETag))).Error?.Name);
    }

    [Fact]
    public async Task An_edge_device_has_twins_for_its_system_modules()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("e1", change: input => input with { IsEdge = true });

        Assert.Equal(2, (await twins.GetAsync("e1/$edgeAgent")).Version);
        Assert.Equal("none", (await twins.GetAsync("e1/$edgeHub")).AuthenticationType);
    }

    [Fact]
    public async Task Tags_are_indexed_leaf_by_leaf_and_the_index_follows_every_change()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        await twins.PatchAsync("d1", $$$"""{"tags":{"a":{"b":"x","c":1.5},"d":true,"list":[1],"long":"{{{new string('y', 300)}}}","pair":"{{{new string('z', 255)}}}😀"}}""");
        Assert.Equal(
            ["a.b string x ", "a.c number  1.5", "d boolean true ", $"long string {new string('y', 256)} ", $"pair string {new string('z', 255)} "],
            await twins.TagRowsAsync());

        await twins.PatchAsync("d1", """{"tags":{"a":{"b":"y"},"d":null,"long":null,"pair":null}}""");
        Assert.Equal(["a.b string y ", "a.c number  1.5"], await twins.TagRowsAsync());

        await twins.PatchAsync("d1", """{"tags":{"a":7}}""");
        Assert.Equal(["a number  7"], await twins.TagRowsAsync());
    }

    [Fact]
    public async Task A_path_too_long_for_an_index_entry_is_stored_and_not_indexed()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");
        var (longest, longer) = (new string('k', 1024), new string('m', 1023));

        var twin = await twins.PatchAsync("d1", $$$"""{"tags":{"{{{longest}}}":"ü","{{{longer}}}":{"n":1} } }""");

        Assert.True(twin.IsOk);
        Assert.Equal([$"{longest} string ü "], await twins.TagRowsAsync());
    }

    [Fact]
    public async Task The_model_id_is_kept_and_bounded()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");

        Assert.True((await twins.SetModelIdAsync("d1", "dtmi:com:example:Thermostat;1")).IsOk);
        Assert.Equal("dtmi:com:example:Thermostat;1", (await twins.GetAsync("d1")).ModelId);
        Assert.True((await twins.SetModelIdAsync("d1", new string('x', 256))).IsOk);
        Assert.Equal("ArgumentInvalid", (await twins.SetModelIdAsync("d1", new string('x', 257))).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await twins.SetModelIdAsync("d1", "dtmi:a b")).Error?.Name);
        Assert.True((await twins.SetModelIdAsync("d1", null)).IsOk);
        Assert.Null((await twins.GetAsync("d1")).ModelId);
        Assert.Same(HubErrors.DeviceNotFound, (await twins.SetModelIdAsync("none", "dtmi:a;1")).Error);
    }

    [Theory]
    [InlineData("1e308")]
    [InlineData("-1.7976931348623157E+308")]
    [InlineData("5e-324")]
    [InlineData("0.1234567890123456789012345678901234567890")]
    [InlineData("-4503599627370496")]
    [InlineData("4503599627370495")]
    public async Task A_number_at_the_edge_keeps_its_value_and_the_twin_stays_writable(string number)
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");

        await twins.ReportAsync("d1", $$"""{"n":{{number}}}""");
        await twins.PatchAsync("d1", $$$"""{"tags":{"n":{{{number}}} },"properties":{"desired":{"n":{{{number}}} } } }""");

        Assert.Equal(3, (await twins.ReportAsync("d1", """{"m":1}""")).Value);
        Assert.True((await twins.PatchAsync("d1", """{"tags":{"m":1},"properties":{"desired":{"m":1}}}""")).IsOk);
        var read = JsonNode.Parse(await twins.ReadAsync("d1"))!;
        Assert.Equal(double.Parse(number, System.Globalization.CultureInfo.InvariantCulture), read["reported"]!["n"]!.GetValue<double>());
        Assert.True(number.Contains('e', StringComparison.OrdinalIgnoreCase) || read["desired"]!["n"]!.ToJsonString() == number);
    }

    [Theory]
    [InlineData("""{"a":"\u0000"}""")]
    [InlineData("""{"\u0000":1}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"a":"\udc00\ud800"}""")]
    [InlineData("""{"a":"\ud83dx"}""")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""{"a":1e309}""")]
    [InlineData("""{"a":1e-999999999}""")]
    [InlineData("""{"a":1e99999999999999999999}""")]
    [InlineData("""{"a":4503599627370496}""")]
    [InlineData("""{"a":-4503599627370497}""")]
    [InlineData("""{"a":123456789012345678901234567890}""")]
    [InlineData("""{"a":NaN}""")]
    [InlineData("""{"a":1""")]
    [InlineData("""{"a":1} x""")]
    [InlineData("""[1]""")]
    [InlineData("""null""")]
    [InlineData("")]
    [InlineData("""{"$a":null}""")]
    [InlineData("""{"$version":3}""")]
    [InlineData("""{"a.b":1}""")]
    [InlineData("""{"a b":1}""")]
    [InlineData("""{"a#":1}""")]
    [InlineData("""{"a\u0085":1}""")]
    public async Task What_a_store_or_a_reader_could_stumble_over_is_refused_and_leaves_nothing(string patch)
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");

        Assert.Equal("ArgumentInvalid", (await twins.ReportAsync("d1", patch)).Error?.Name);
        Assert.Equal("""{"desired":{"$version":1},"reported":{"$version":1}}""", await twins.ReadAsync("d1"));
    }

    [Fact]
    public async Task Text_that_is_not_utf8_is_refused()
    {
        await using var twins = await StartAsync();
        await twins.Host.PutAsync("d1");

        Assert.Equal("ArgumentInvalid", (await twins.Twins.ReportAsync(twins.Host.Hub, HubHost.Key("d1"), null, new byte[] { (byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}' }, null, Token)).Error?.Name);
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private static void AssertJson(string expected, ReadOnlyMemory<byte> actual) => AssertJson(expected, Text(actual));

    private static void AssertJson(string expected, string actual) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"expected {expected}, got {actual}");
}
