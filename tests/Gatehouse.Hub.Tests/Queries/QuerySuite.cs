using System.Globalization;
using System.Text;
using Gatehouse.Hub.Queries;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Queries;

public sealed class SqliteQueryTests() : QuerySuite(null);

public sealed class PostgresQueryTests(PostgresServer server) : QuerySuite(server);

/// <summary>Queries over stored twins.</summary>
public abstract class QuerySuite(PostgresServer? server)
{
    private Task<QueryHost> StartAsync(QueryOptions? options = null) => QueryHost.StartAsync(server, options);

    [Fact]
    public async Task Select_star_is_the_whole_twin_and_modules_are_apart()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync("d1", """{"site":"north"}""", """{"t":1}""", """{"t":2}""");
        await hub.MakeAsync("d1/m1", """{"site":"north"}""");

        var device = Assert.Single(await hub.AllAsync("SELECT * FROM devices"));
        var module = Assert.Single(await hub.AllAsync("select * from devices.modules where moduleId = 'm1' and tags.site = 'north'"));

        Assert.Equal(("d1", 1, 2), (device.GetProperty("deviceId").GetString(), device.GetProperty("properties").GetProperty("desired").GetProperty("t").GetInt32(), device.GetProperty("properties").GetProperty("reported").GetProperty("t").GetInt32()));
        Assert.True(device.GetProperty("properties").GetProperty("reported").TryGetProperty("$metadata", out _));
        Assert.False(device.TryGetProperty("moduleId", out _));
        Assert.Equal("m1", module.GetProperty("moduleId").GetString());
        Assert.Equal("Twin", (await hub.RunAsync("SELECT * FROM devices")).Value.ItemType);
    }

    [Fact]
    public async Task Projections_and_aggregates_have_the_documented_shapes()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync("d1", """{"location":{"region":"US"},"n":1}""", reported: """{"cfg":{"status":"ok"}}""");
        await hub.MakeAsync("d2", """{"location":{"region":"EU"},"n":4}""", reported: """{"cfg":{"status":"ok"}}""");
        await hub.MakeAsync("d3", """{"n":"text"}""");

        Assert.Equal("""[{"deviceId":"d1","region":"US"},{"deviceId":"d2","region":"EU"},{"deviceId":"d3"}]""", await hub.RawAsync("SELECT DeviceID, tags.location.region FROM devices"));
        Assert.Equal("""[{"id":"d2","$2":5}]""", await hub.RawAsync("SELECT deviceId AS id, tags.n + 1 FROM devices WHERE tags.n > 3"));
        Assert.Equal("""[{"status":"ok","n":2},{"n":1}]""", Sorted(await hub.RawAsync("SELECT properties.reported.cfg.status AS status, COUNT() AS n FROM devices GROUP BY properties.reported.cfg.status")));
        Assert.Equal("""[{"$1":3,"a":2.5,"s":5,"low":1,"high":4}]""", (await hub.RawAsync("SELECT COUNT(), avg(tags.n) AS a, sum(tags.n) AS s, min(tags.n) AS low, max(tags.n) AS high FROM devices WHERE tags.n < 9 OR true")));
        Assert.Equal("""[{"n":0}]""", await hub.RawAsync("SELECT COUNT() AS n FROM devices WHERE tags.missing = 1"));
        Assert.Equal("""[{"n":1}]""", await hub.RawAsync("SELECT count() AS n FROM devices WHERE tags.location.region = 'US'"));
        Assert.Equal("""[{"n":2}]""", await hub.RawAsync("SELECT count() AS n FROM devices WHERE tags.location.region IN ['US', 'EU', 'US']"));
        Assert.Equal("""[{"n":0}]""", await hub.RawAsync("SELECT count() AS n FROM devices WHERE tags.[[location.region]] = 'US'"));
        Assert.Equal("""[{"n":3}]""", await hub.RawAsync("SELECT count() AS n FROM devices"));
        Assert.Equal("""[{"n":0}]""", await hub.RawAsync("SELECT count() AS n FROM devices.modules"));
        Assert.Equal("Raw", (await hub.RunAsync("SELECT COUNT() FROM devices")).Value.ItemType);

        // The group without the key comes last or first, as the order of groups has it.
        static string Sorted(string json) => json.StartsWith("""[{"n":1}""", StringComparison.Ordinal) ? """[{"status":"ok","n":2},{"n":1}]""" : json;
    }

    [Theory]
    [InlineData("tags.site = 'a'")]
    [InlineData("tags.site = 'a' AND tags.even = true")]
    [InlineData("is_defined(tags.site)")]
    [InlineData("tags.n + 0 >= 0")]
    [InlineData("tags.even AND length(tags.site) = 1")]
    [InlineData("tags.site IN ['b', 'a', 'c']")]
    [InlineData("tags.n IN [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] AND tags.site = 'a'")]
    [InlineData("length(etag) > 0")]
    public async Task Pages_join_to_the_whole_answer_in_order_whatever_their_size(string condition)
    {
        await using var hub = await StartAsync();
        for (var i = 0; i < 23; i++)
        {
            await hub.MakeAsync($"d{i:00}", $$"""{"site":"a","even":{{(i % 2 == 0 ? "true" : "false")}},"n":{{i}}}""");
        }

        var whole = await hub.IdsAsync(condition);
        Assert.True(whole.Split(' ').Length >= 12);
        foreach (var size in new[] { 1, 5, 12, 23, 1000 })
        {
            Assert.Equal(whole, await hub.IdsAsync(condition, size));
        }

        Assert.Equal(7, (await hub.AllAsync($"SELECT TOP 7 * FROM devices WHERE {condition}", 3)).Count);
        Assert.Equal(6, (await hub.AllAsync($"SELECT TOP 6 deviceId FROM devices WHERE {condition}", 3)).Count);
        Assert.Equal(23, (await hub.AllAsync("SELECT tags.n AS n, COUNT() AS c FROM devices GROUP BY tags.n", 4)).Count);
        Assert.Null((await hub.RunAsync($"SELECT TOP 6 deviceId FROM devices WHERE {condition}", 6)).Value.Continuation);
    }

    [Fact]
    public async Task Pages_go_on_after_ids_as_long_as_they_may_be()
    {
        await using var hub = await StartAsync();
        var (device, module) = (new string('\'', 128), new string('+', 127));
        await hub.MakeAsync(device);
        await hub.MakeAsync($"{device}/{module}1");
        await hub.MakeAsync($"{device}/{module}2");

        Assert.Equal(2, (await hub.AllAsync("SELECT * FROM devices.modules", 1)).Count);
    }

    [Fact]
    public async Task A_continuation_is_good_for_its_own_query_only()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync("d1");
        await hub.MakeAsync("d2");
        var next = (await hub.RunAsync("SELECT * FROM devices", 1)).Value.Continuation!;

        Assert.Null((await hub.RunAsync("SELECT * FROM devices", 1, next)).Value.Continuation);
        foreach (var (query, token) in new[] { ("SELECT deviceId FROM devices", next), ("SELECT * FROM devices", next[1..]), ("SELECT * FROM devices", ""), ("SELECT * FROM devices", "%%%"), ("SELECT * FROM devices", new string('A', 4000)) })
        {
            Assert.Equal(400004, (await hub.RunAsync(query, 1, token)).Error?.Code);
        }

        Assert.Equal(400004, (await hub.RunAsync("SELECT * FROM devices", 0)).Error?.Code);
    }

    [Theory]
    [InlineData("SELECT * FROM twins", 15)]
    [InlineData("SELECT FROM devices", 8)]
    [InlineData("SELECT *, deviceId FROM devices", 9)]
    [InlineData("SELECT * FROM devices WHERE", 28)]
    [InlineData("SELECT * FROM devices ORDER BY deviceId", 23)]
    [InlineData("SELECT * FROM devices; DROP TABLE twins", 22)]
    [InlineData("SELECT * FROM devices UNION SELECT * FROM policies", 23)]
    [InlineData("SELECT TOP 0 * FROM devices", 12)]
    [InlineData("SELECT deviceId, COUNT() FROM devices", 38)]
    [InlineData("SELECT * FROM devices GROUP BY deviceId", 40)]
    [InlineData("SELECT a, b.a FROM devices", 15)]
    [InlineData("SELECT COUNT() FROM devices.jobs", 33)]
    [InlineData("SELECT avg() FROM devices", 12)]
    [InlineData("", 1)]
    public async Task What_is_no_query_is_refused_with_its_position(string query, int position)
    {
        await using var hub = await StartAsync();

        Assert.StartsWith($"The query is not valid at position {position}:", (await hub.RunAsync(query)).Error?.Message);
    }

    [Theory]
    [InlineData("'; DROP TABLE twins; --")]
    [InlineData("') OR 1=1 --")]
    [InlineData("$.\"a\"] || '")]
    [InlineData("@q0")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("}{,")]
    [InlineData("ключ")]
    [InlineData("😀")]
    [InlineData("$[0")]
    [InlineData("0")]
    public async Task Keys_and_texts_of_a_query_are_only_ever_data(string word)
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync("d1", $$"""{"site":{{System.Text.Json.JsonSerializer.Serialize(word)}} }""");
        await hub.MakeAsync("d2", """{"site":"x"}""", reported: """{"list":[1],"n":1}""");
        var literal = word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal);

        Assert.Equal("d1", await hub.IdsAsync($"tags.site = '{literal}'"));
        Assert.Equal("d2", await hub.IdsAsync($"tags.site <> '{literal}'"));
        if (!word.Contains("]]", StringComparison.Ordinal))
        {
            Assert.Equal("", await hub.IdsAsync($"tags.[[{word}]] = 1 OR properties.reported.list.[[{word}]] = 1"));
            Assert.Equal("d1 d2", await hub.IdsAsync($"NOT is_defined(properties.reported.[[{word}]].x)"));
        }
    }

    [Fact]
    public async Task The_largest_query_runs_and_a_larger_one_is_refused()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync("d1", """{"n":1}""");
        var many = new StringBuilder("tags.n = 1");
        while (many.Length < 8100)
        {
            many.Append(CultureInfo.InvariantCulture, $" OR tags.n={many.Length}");
        }

        Assert.Equal("d1", await hub.IdsAsync(many.ToString()));
        Assert.Equal("d1", await hub.IdsAsync($"tags.n IN [1{string.Concat(Enumerable.Repeat(",2", 4000))}]"));
        Assert.Equal("d1", await hub.IdsAsync($"tags.n NIN [2{string.Concat(Enumerable.Repeat(",'2'", 1900))}]"));
        Assert.Equal(400004, (await hub.RunAsync($"SELECT * FROM devices WHERE tags.a = '{new string('x', 8192)}'")).Error?.Code);
    }

    [Fact]
    public async Task A_query_that_needs_too_long_is_ended_and_refused()
    {
        await using var hub = await StartAsync(new QueryOptions { TimeLimit = TimeSpan.FromMilliseconds(1) });
        for (var i = 0; i < 400; i++)
        {
            await hub.MakeAsync($"d{i}", """{"site":"north"}""");
        }

        var slow = string.Join(" AND ", Enumerable.Repeat("length(upper(concat(tags.site, tags.site))) > 0", 150));
        Assert.Contains("needs more than", (await hub.RunAsync($"SELECT COUNT() FROM devices WHERE {slow}")).Error?.Message);
    }

    [Fact]
    public async Task A_statement_that_runs_on_is_interrupted_when_its_caller_leaves()
    {
        await using var hub = await StartAsync();
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hub.Host.Get<Database>().ReadAsync(
            async (connection, token) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n";
                return await command.ExecuteScalarAsync(token);
            },
            leaving.Token));
    }

    [Fact]
    public async Task Groups_and_bytes_of_a_page_are_bounded()
    {
        await using var hub = await StartAsync(new QueryOptions { MaxGroups = 3, MaxPageBytes = 1 });
        for (var i = 0; i < 3; i++)
        {
            await hub.MakeAsync($"d{i}");
        }

        Assert.Equal(3, (await hub.AllAsync("SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId")).Count);
        Assert.NotNull((await hub.RunAsync("SELECT * FROM devices")).Value.Continuation);
        Assert.Equal(3, (await hub.AllAsync("SELECT * FROM devices")).Count);
        await hub.MakeAsync("d3");
        Assert.Contains("more than 3 groups", (await hub.RunAsync("SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId")).Error?.Message);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public async Task The_keys_of_groups_are_bounded_together(int devices, bool isTaken)
    {
        await using var hub = await StartAsync(new QueryOptions { MaxGroupCharacters = 250 });
        for (var i = 0; i < devices; i++)
        {
            await hub.MakeAsync($"{i}{new string('d', 120)}");
        }

        var answer = await hub.RunAsync("SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId");

        Assert.Equal(isTaken ? null : "ArgumentInvalid", answer.Error?.Name);
    }

    [Fact]
    public async Task System_fields_are_those_of_the_document()
    {
        await using var hub = await StartAsync();
        await hub.MakeAsync("d1", isEdge: true);
        await hub.MakeAsync("d2", status: "disabled");

        Assert.Equal("d1", await hub.IdsAsync("capabilities.iotEdge = true AND status = 'enabled' AND connectionState = 'Disconnected'"));
        Assert.Equal("d2", await hub.IdsAsync("capabilities.iotEdge != true AND STATUS IN ['disabled', 7]"));
        Assert.Equal("d1 d2", await hub.IdsAsync("authenticationType = 'sas' AND statusReason = null AND modelId = '' AND version > 1 AND lastActivityTime <= '2026'"));
        Assert.Equal("", await hub.IdsAsync("is_defined(moduleId) OR is_defined(deviceScope) AND status = 'disabled'"));
        Assert.Equal("d2", await hub.IdsAsync("deviceId > 'd1'"));
    }
}
