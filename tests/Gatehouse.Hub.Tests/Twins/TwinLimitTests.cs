using System.Text;
using Gatehouse.Hub.Twins;
using Xunit;

namespace Gatehouse.Hub.Tests.Twins;

/// <summary>Every limit of a twin at its boundary and one past it.</summary>
public sealed class TwinLimitTests
{
    private static readonly TwinOptions Options = new();

    [Theory]
    [InlineData("tags", 8_192)]
    [InlineData("desired", 32_768)]
    [InlineData("reported", 32_768)]
    public async Task A_section_may_have_its_size_and_not_a_byte_more(string section, int limit)
    {
        await using var twins = new TwinHost(await HubHost.StartAsync());
        await twins.Host.PutAsync("d1");

        Assert.Equal("MessageTooLarge", await WriteAsync(twins, section, OfSize(limit + 1)));
        Assert.Null(await WriteAsync(twins, section, OfSize(limit)));
        Assert.Equal("MessageTooLarge", await WriteAsync(twins, section, """{"k0000x":""}"""));
        Assert.Null(await WriteAsync(twins, section, """{"k0000":""}"""));
    }

    [Theory]
    [InlineData("""{"a":1}""", 9)]
    [InlineData("""{"a":1.25e3}""", 9)]
    [InlineData("""{"a":true,"b":false}""", 10)]
    [InlineData("""{"ä":"ö"}""", 4)]
    [InlineData("""{"\u00e4":"\u00f6\n\u0085\\"}""", 5)]
    [InlineData("""{"a":{"b":["xy",{}]}}""", 4)]
    public void A_size_counts_keys_and_strings_without_control_characters_numbers_and_booleans(string json, int size) =>
        Assert.Equal(size, TwinRules.Measure(Encoding.UTF8.GetBytes(json)).Size);

    [Theory]
    [InlineData(10, true)]
    [InlineData(11, false)]
    public void Objects_and_arrays_nest_ten_deep(int depth, bool isAllowed)
    {
        Assert.Equal(isAllowed, IsAllowed(Nested("""{"a":""", "}", depth)));
        Assert.Equal(isAllowed, IsAllowed(Nested("[", "]", depth)));
    }

    [Theory]
    [InlineData(1_024, true)]
    [InlineData(1_025, false)]
    public void A_key_has_at_most_1024_bytes(int bytes, bool isAllowed)
    {
        Assert.Equal(isAllowed, IsAllowed($$"""{"{{new string('k', bytes)}}":1}"""));
        Assert.Equal(isAllowed, IsAllowed($$"""{"{{new string('ä', 512)}}{{new string('k', bytes - 1024)}}":1}"""));
    }

    [Theory]
    [InlineData(4_096, true)]
    [InlineData(4_097, false)]
    public void A_string_has_at_most_4096_bytes(int bytes, bool isAllowed)
    {
        Assert.Equal(isAllowed, IsAllowed($$"""{"k":"{{new string('v', bytes)}}"}"""));
        Assert.Equal(isAllowed, IsAllowed($$"""{"k":["\t{{new string('ä', (bytes - 1) / 2)}}{{(bytes % 2 == 0 ? "x" : "")}}"]}"""));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_number_has_at_most_64_characters(int characters, bool isAllowed) => Assert.Equal(isAllowed, IsAllowed($$"""{"k":0.{{new string('1', characters - 2)}}}"""));

    [Fact]
    public void What_the_size_does_not_count_has_an_end_too()
    {
        var empty = $$"""{"a":[{{string.Join(',', Enumerable.Repeat("[]", 11_000))}}]}""";
        var control = $$"""{"a":[{{string.Join(',', Enumerable.Repeat($"\"{string.Concat(Enumerable.Repeat("\\u0001", 600))}\"", 10))}}]}""";
        var exponents = $$"""{"a":[{{string.Join(',', Enumerable.Repeat("1e300", 120))}}]}""";

        Assert.All([empty, control, exponents], json => Assert.Null(TwinRules.Check(Encoding.UTF8.GetBytes(json), Options)));
        Assert.All([empty, control, exponents], json => Assert.Equal("MessageTooLarge", TwinRules.CheckSize(Encoding.UTF8.GetBytes(json), "tags", 8_192)?.Name));
        Assert.Null(TwinRules.CheckSize("""{"a":[[],"\u0001",1e300]}"""u8, "tags", 8_192));
    }

    [Theory]
    [InlineData(262_144, "MessageTooLarge")] // too large for the section
    [InlineData(262_145, "more than 262144")]
    public async Task A_patch_is_not_read_beyond_its_limit(int bytes, string expected)
    {
        await using var twins = new TwinHost(await HubHost.StartAsync());
        await twins.Host.PutAsync("d1");

        var error = (await twins.ReportAsync("d1", OfSize(bytes - ("{}".Length + (4 * 8)), chunk: 40_000))).Error!;

        Assert.Contains(expected, $"{error.Name} {error.Message}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_device_may_have_so_many_patches_waiting_and_does_not_take_the_room_of_others()
    {
        await using var twins = new TwinHost(await HubHost.StartAsync(new HubOptions { Twins = new TwinOptions { MaxPendingPerTwin = 3, MaxPendingBytes = 1000 } }));
        await twins.Host.PutAsync("d1");
        await twins.Host.PutAsync("d2");
        using var hold = await StoreHold.BeginAsync(twins.Host);

        var mine = Enumerable.Range(0, 5).Select(_ => twins.ReportAsync("d1", """{"a":1}""")).ToList();
        var other = twins.ReportAsync("d2", """{"a":1}""");
        var large = twins.ReportAsync("d2", $$"""{"a":"{{new string('x', 2000)}}"}""");
        hold.Dispose();

        Assert.Equal([null, null, null, "DeviceThrottlingLimitExceeded", "DeviceThrottlingLimitExceeded"], (await Task.WhenAll(mine)).Select(result => result.Error?.Name));
        Assert.True((await other).IsOk);
        Assert.Equal("ThrottlingException", (await large).Error?.Name);
        Assert.True((await twins.ReportAsync("d1", """{"a":2}""")).IsOk);
    }

    private static async Task<string?> WriteAsync(TwinHost twins, string section, string json) => section switch
    {
        "tags" => (await twins.PatchAsync("d1", $$"""{"tags":{{json}}}""")).Error?.Name,
        "desired" => (await twins.PatchAsync("d1", $$$"""{"properties":{"desired":{{{json}}}}}""")).Error?.Name,
        _ => (await twins.ReportAsync("d1", json)).Error?.Name,
    };

    /// <summary>A section of strings, of so many bytes by the documented count.</summary>
    private static string OfSize(int bytes, int chunk = 4_000)
    {
        var members = new List<string>();
        for (var i = 0; bytes > 0; i++)
        {
            var length = Math.Min(bytes, chunk) - 5;
            members.Add($"\"k{i:0000}\":\"{new string('v', length)}\"");
            bytes -= length + 5;
        }

        return $"{{{string.Join(',', members)}}}";
    }

    private static string Nested(string open, string close, int depth) => $$"""{"r":{{string.Concat(Enumerable.Repeat(open, depth))}}{{(open == "[" ? "" : "1")}}{{string.Concat(Enumerable.Repeat(close, depth))}}}""";

    private static bool IsAllowed(string json) => SoundJson.Parse(Encoding.UTF8.GetBytes(json), Options.MaxDepth + 1).IsOk && TwinRules.Check(Encoding.UTF8.GetBytes(json), Options) is null;
}
