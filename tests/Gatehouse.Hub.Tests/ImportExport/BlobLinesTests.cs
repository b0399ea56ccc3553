using System.Text;
using Gatehouse.Hub.ImportExport;
using Xunit;

namespace Gatehouse.Hub.Tests.ImportExport;

public sealed class BlobLinesTests
{
    [Theory]
    [InlineData("a\nb\n", 4, "a b", false)]
    [InlineData("a\nb", 3, "a b", false)]
    [InlineData("", 0, "", false)]
    [InlineData("a\nb\n", 3, "", true)]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 20, "", true)]
    public async Task What_comes_beyond_the_end_of_the_blob_is_not_followed(string sent, long length, string lines, bool isTooLong)
    {
        await using var blob = new BlobLines(new MemoryStream(Encoding.UTF8.GetBytes(sent)), 10, length);
        var read = new List<string>();
        while (await blob.ReadAsync(TestContext.Current.CancellationToken) is { } line)
        {
            read.Add(Encoding.UTF8.GetString(line.Text.Span));
        }

        Assert.Equal((lines, isTooLong), (string.Join(' ', read), blob.IsTooLong));
    }
}
