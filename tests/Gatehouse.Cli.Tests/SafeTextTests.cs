using System.Text.Json.Nodes;
using Gatehouse.Cli.Output;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("käse 温度 😀", "käse 温度 😀")]
    [InlineData("\u001b[2J\u001b]0;owned\u0007", "\\u001b[2J\\u001b]0;owned\\u0007")]
    [InlineData("\u009b31m", "\\u009b31m")]
    [InlineData("a\r\nb\tc", "a\\r\\nb\\tc")]
    [InlineData("\u007f\u0000", "\\u007f\\u0000")]
    [InlineData("\u202egnp.exe", "\\u202egnp.exe")]
    [InlineData("\u2028\u2029", "\\u2028\\u2029")]
    public void Control_and_format_characters_are_shown_and_everything_else_stays(string text, string expected) => Assert.Equal(expected, SafeText.Of(text));

    [Fact]
    public void Half_a_surrogate_pair_is_shown() => Assert.Equal("\\ud800x\\udc00", SafeText.Of("\ud800x\udc00"));

    [Fact]
    public void No_character_that_a_terminal_acts_on_passes()
    {
        for (var letter = 0; letter <= char.MaxValue; letter++)
        {
            var shown = SafeText.Of(((char)letter).ToString());
            Assert.DoesNotContain(shown, each => char.IsControl(each) || char.IsSurrogate(each));
        }
    }

    [Fact]
    public void Json_is_ascii_and_says_the_same()
    {
        var node = new JsonObject { ["text"] = "\u001b[31m \u009b \u202e käse + 'x' <y> 😀" };

        var written = SafeJson.Write(node, isIndented: false);

        Assert.DoesNotContain(written, letter => letter is < ' ' or > '~');
        Assert.Contains("+ 'x' <y>", written, StringComparison.Ordinal);
        Assert.True(JsonNode.DeepEquals(node, JsonNode.Parse(written)));
    }
}
