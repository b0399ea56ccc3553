using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Queries;

/// <summary>A hub whose twins are written and queried.</summary>
internal sealed class QueryHost(HubHost host) : IAsyncDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal HubHost Host { get; } = host;

    internal static async Task<QueryHost> StartAsync(PostgresServer? server, QueryOptions? options = null) =>
        new(await HubHost.StartAsync(new HubOptions { Queries = options ?? new QueryOptions() }, server));

    /// <summary>Creates an identity and writes its twin.</summary>
    internal async Task MakeAsync(string key, string tags = "{}", string desired = "{}", string? reported = null, bool isEdge = false, string? status = null)
    {
        Assert.Null((await Host.PutAsync(key, change: input => input with { IsEdge = isEdge ? true : null, Status = status })).Error);
        await WriteAsync(key, tags, desired, reported);
    }

    internal async Task WriteAsync(string key, string tags, string desired = "{}", string? reported = null)
    {
        var update = TwinUpdate.Replacement(Encoding.UTF8.GetBytes($$"""{"tags":{{tags}},"properties":{"desired":{{desired}} } }"""));
        Assert.Null(update.Error);
        Assert.Null((await Host.Get<Gatehouse.Hub.Twins.Twins>().UpdateAsync(Host.Hub, HubHost.Actor, HubHost.Key(key), update.Value, IfMatch.Absent, Token)).Error);
        if (reported is not null)
        {
            Assert.Null((await Host.Get<Gatehouse.Hub.Twins.Twins>().ReportAsync(Host.Hub, HubHost.Key(key), null, Encoding.UTF8.GetBytes(reported), null, Token)).Error);
        }
    }

    internal Task<Result<QueryPage>> RunAsync(string query, int? items = null, string? continuation = null) =>
        Host.Get<Gatehouse.Hub.Queries.Queries>().RunAsync(Host.Hub, query, items, continuation, Token);

    /// <summary>All rows over all pages.</summary>
    internal async Task<IReadOnlyList<JsonElement>> AllAsync(string query, int? items = null)
    {
        var rows = new List<JsonElement>();
        string? continuation = null;
        do
        {
            var page = await RunAsync(query, items, continuation);
            Assert.True(page.IsOk, $"{query}: {page.Error?.Message}");
            var found = JsonDocument.Parse(page.Value.Json).RootElement.EnumerateArray().ToList();
            Assert.True(items is null || found.Count <= items);
            rows.AddRange(found);
            continuation = page.Value.Continuation;
        }
        while (continuation is not null);

        return rows;
    }

    internal async Task<string> IdsAsync(string condition, int? items = null) =>
        string.Join(' ', (await AllAsync($"SELECT * FROM devices WHERE {condition}", items)).Select(row => row.GetProperty("deviceId").GetString()));

    internal async Task<string> RawAsync(string query) => Encoding.UTF8.GetString((await RunAsync(query)).Value.Json.Span);

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
