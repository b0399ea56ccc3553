using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Hub.Twins;
using Xunit;

namespace Gatehouse.Fuzz;

public sealed class TwinFuzz
{
    private static readonly TwinOptions Options = new();

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            """{"a":1,"b":{"c":[true,null,{"d":"e"}]},"f":null}""",
            """{"t":-21.5e-3,"text":"\u00fc\ud83d\ude00\n","empty":{},"list":[]}""",
            """{"tags":{"site":{"hall":7}},"properties":{"desired":{"on":true,"$version":3,"$metadata":{"on":{"$lastUpdated":"x"}}}}}""",
            """{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"j":1}}}}}}}}}}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Words = [.. new[] { "null", "\\u0000", "\\ud800", "\\udc00", "1e999", "1e-999999999999", "4503599627370496", "$version", "\"a\":", "{\"a\":", "[[[[", "\"properties\":", "\"desired\":", "\uFEFF" }.Select(Encoding.UTF8.GetBytes)];

    [Fact]
    public void Any_patch_is_refused_or_merges_into_text_that_reads_the_same_again() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            var patch = SoundJson.Parse(input, Options.MaxDepth + 1);
            if (!patch.IsOk)
            {
                Assert.NotEmpty(patch.Error.Message);
                return;
            }

            var written = TwinText.Write(patch.Value);
            if (TwinRules.Check(written, Options) is not null)
            {
                return;
            }

            var (content, metadata) = (new JsonObject(), new JsonObject());
            var stamp = TwinStamp.At(DateTimeOffset.UnixEpoch, 2);
            TwinMerge.Apply(content, metadata, patch.Value, stamp);
            var text = TwinText.Write(content);
            _ = TwinRules.CheckSize(text, "reported properties", Options.MaxReportedBytes);

            // What was stored can be read, written over with itself, and told.
            var again = TwinText.Read(Encoding.UTF8.GetString(text));
            TwinMerge.Apply(again, metadata, patch.Value, stamp);
            Assert.Equal(text, TwinText.Write(again));
            Assert.NotNull(JsonNode.Parse(TwinText.Versioned(text, 3))!["$version"]);
            Assert.True(SoundJson.Parse(text, Options.MaxDepth + 1).IsOk);
        },
        new FuzzOptions { Words = Words, AllocationBytes = 256 * 1024, AllocationBytesPerByte = 2048 });

    [Fact]
    public void Any_body_of_a_back_end_is_an_update_or_refused() => FuzzRun.Run(
        Seeds,
        static input =>
        {
            Assert.Equal(TwinUpdate.Patch(input).IsOk, TwinUpdate.Replacement(input).IsOk);
        },
        new FuzzOptions { Words = Words, AllocationBytes = 256 * 1024, AllocationBytesPerByte = 2048 });
}
