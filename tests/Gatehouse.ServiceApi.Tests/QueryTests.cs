using System.Text.Json;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>Queries over REST: headers that SDKs need, paging, refusals.</summary>
public sealed class QueryTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Path = "/devices/query?api-version=2021-04-12";

    [Fact]
    public async Task A_page_names_its_item_type_and_has_no_continuation_when_it_is_the_last()
    {
        var twins = await api.AskAsOwnerAsync("POST", Path, """{"query":"SELECT * FROM devices WHERE deviceId = 'none'"}""");
        var raw = await api.AskAsOwnerAsync("POST", Path, """{"query":"SELECT COUNT() AS n FROM devices WHERE deviceId = 'none'"}""");

        Assert.Equal((200, "[]", "Twin", "application/json; charset=utf-8"), (twins.Code, twins.Body, twins.Header("x-ms-item-type"), twins.Header("Content-Type")));
        Assert.Equal((200, """[{"n":0}]""", "Raw"), (raw.Code, raw.Body, raw.Header("x-ms-item-type")));
        Assert.True(string.IsNullOrEmpty(twins.Header("x-ms-continuation")));
    }

    [Theory]
    [InlineData("""{"query":"SELECT * FROM"}""", "position 14")]
    [InlineData("""{"query":5}""", "")]
    [InlineData("{}", "")]
    public async Task What_is_no_query_is_a_400(string body, string part)
    {
        var answer = await api.AskAsOwnerAsync("POST", Path, body);

        Assert.Equal(400, answer.Code);
        Assert.Contains(part, JsonDocument.Parse(answer.Body).RootElement.GetProperty("Message").GetString(), StringComparison.Ordinal);
    }
}
