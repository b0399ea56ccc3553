using System.Globalization;
using System.Text.Json;
using Gatehouse.Hub.Queries;
using Gatehouse.Hub.Queries.Language;
using Gatehouse.Hub.Queries.Sql;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Queries;

public sealed class SqliteQueryEqualityTests() : QueryEqualitySuite(null);

public sealed class PostgresQueryEqualityTests(PostgresServer server) : QueryEqualitySuite(server);

/// <summary>Random conditions over random twins: the database finds what memory finds, and never lets a row go that memory would keep.</summary>
public abstract class QueryEqualitySuite(PostgresServer? server)
{
    private const int Twins = 60;
    private const int Conditions = 700;

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "1", "-1", "2.5", "0.1", "1e10", "4503599627370495", "''", "'a'", "'A'", "'b'", "'1'", "'true'", "'ä'", "'z\\u00e9'", "'\\uD83D\\uDE00'", "'\\uFFEE'", "'a\\'b'", "'back\\\\slash'",
    ];

    private static readonly string[] Paths =
    [
        "tags.a", "tags.b", "tags.c.a", "tags.[[c.a]]", "tags.[[k-e y]]", "tags.ü", "tags.list[0]", "tags.list[1].x", "tags.missing", "tags.0", "properties.reported.a", "properties.reported.c.b", "properties.desired.b", "properties.desired.$version",
        "properties.reported.$metadata.a.$lastUpdated", "deviceId", "status", "statusReason", "version", "capabilities.iotEdge", "modelId", "etag", "moduleId", "deviceScope", "connectionState", "tags", "configurations.x.status",
    ];

    [Fact]
    public async Task Memory_and_database_agree()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var hub = await QueryHost.StartAsync(server);
        for (var i = 0; i < Twins; i++)
        {
            await hub.MakeAsync($"d{i:00}", Section(random), Section(random), Section(random), isEdge: i % 3 == 0, status: i % 4 == 0 ? "disabled" : null);
        }

        var documents = await hub.AllAsync("SELECT * FROM devices");
        Assert.Equal(Twins, documents.Count);
        var (matches, exact) = (0, 0);
        for (var i = 0; i < Conditions; i++)
        {
            var text = Condition(random, 3);
            var condition = Gatehouse.Hub.Queries.Language.Condition.Parse(text, QueryScope.Twin);
            Assert.Null(condition.Error?.Message);
            var expected = string.Join(' ', documents.Where(document => condition.Value.IsTrue(new DocumentSubject(document))).Select(document => document.GetProperty("deviceId").GetString()));

            Assert.True(expected == await hub.IdsAsync(text, random.Next(1, 80)), $"seed {seed}: {text}");
            matches += expected.Length > 0 ? 1 : 0;
            exact += ConditionSql.Translate(new SqlText(), TwinSql.For(hub.Host.Get<Database>().Dialect.Name), isModule: false, condition.Value.Expression).IsExact ? 1 : 0;
        }

        // The test is worth something only while many conditions find twins and many are decided by SQL alone.
        Assert.True(matches > Conditions / 5, $"{matches} matched");
        Assert.InRange(exact, Conditions / 5, Conditions * 19 / 20);
    }

    [Fact]
    public async Task Values_that_are_read_alone_are_those_of_the_documents_and_group_alike()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var hub = await QueryHost.StartAsync(server);
        for (var i = 0; i < Twins; i++)
        {
            await hub.MakeAsync($"d{i:00}", Section(random), Section(random), Section(random), isEdge: i % 3 == 0, status: i % 4 == 0 ? "disabled" : null);
        }

        var documents = await hub.AllAsync("SELECT * FROM devices");
        for (var i = 0; i < Conditions / 5; i++)
        {
            var (first, second, condition) = (Paths[random.Next(Paths.Length)], Paths[random.Next(Paths.Length)], Condition(random, 2));
            var columns = $"SELECT deviceId AS id, {first} AS x, {second} AS y FROM devices WHERE {condition}";
            var groups = $"SELECT {first} AS x, COUNT() AS c, SUM({second}) AS s, MIN({second}) AS low, MAX({second}) AS high FROM devices WHERE {condition} GROUP BY {first}";

            Assert.True(InMemory(columns, documents) == Show(await hub.AllAsync(columns, random.Next(1, 80))), $"seed {seed}: {columns}");
            Assert.True(InMemory(groups, documents) == Show(await hub.AllAsync(groups, random.Next(1, 80))), $"seed {seed}: {groups}");
        }
    }

    [Theory]
    [InlineData("SELECT deviceId, tags.a, properties.reported.c.b FROM devices WHERE tags.a = 1", true)]
    [InlineData("SELECT status, COUNT() FROM devices GROUP BY status", true)]
    [InlineData("SELECT * FROM devices WHERE starts_with(tags.a, properties.desired.b)", true)]
    [InlineData("SELECT tags FROM devices", false)]
    [InlineData("SELECT deviceId FROM devices WHERE length(etag) > 3", false)]
    public async Task Documents_are_made_only_where_values_are_not_enough(string query, bool isEnough)
    {
        await using var hub = await QueryHost.StartAsync(server);

        Assert.Equal(isEnough, new QueryPlan(hub.Host.Get<Database>().Dialect, Query.Parse(query).Value, null).Values is not null);
    }

    /// <summary>The answer that memory makes of the documents alone.</summary>
    private static string InMemory(string text, IReadOnlyList<JsonElement> documents)
    {
        var query = Query.Parse(text).Value;
        var found = documents.Select(document => new DocumentSubject(document)).Where(query.Condition.IsTrue).ToList();
        using var answer = new Answer();
        if (query.IsAggregate)
        {
            var grouping = new Grouping(query, 1000, 1_000_000);
            Assert.True(found.TrueForAll(subject => grouping.TryAdd(subject)));
            foreach (var row in grouping.Rows())
            {
                answer.WriteRow(row);
            }
        }
        else
        {
            foreach (var subject in found)
            {
                answer.WriteRow(query.Columns!.Select(column => (column.Name, column.Expression!.Evaluate(subject))));
            }
        }

        return Show([.. JsonDocument.Parse(answer.Complete()).RootElement.EnumerateArray()]);
    }

    /// <summary>Sums of the same numbers in another order differ in their last digits.</summary>
    private static string Show(IReadOnlyList<JsonElement> rows) => string.Join('\n', rows.Select(row => string.Join(',', row.EnumerateObject().Select(member =>
        $"{member.Name}:{(member is { Name: "s", Value.ValueKind: JsonValueKind.Number } ? member.Value.GetDouble().ToString("G12", CultureInfo.InvariantCulture) : Compact(member.Value))}"))));

    private static string Compact(JsonElement value) => JsonSerializer.Serialize(value);

    private static string Section(Random random)
    {
        var members = new List<string>();
        foreach (var key in new[] { "a", "b", "k-e y", "ü", "0" })
        {
            if (random.Next(3) > 0 && !key.Contains(' ', StringComparison.Ordinal))
            {
                members.Add($"{JsonSerializer.Serialize(key)}:{Json(random)}");
            }
        }

        if (random.Next(2) == 0)
        {
            members.Add($$"""  "c":{"a":{{Json(random)}},"b":{{Json(random)}}}  """.Trim());
        }

        if (random.Next(2) == 0)
        {
            members.Add($$"""  "list":[{{Json(random)}},{"x":{{Json(random)}}}]  """.Trim());
        }

        return $"{{{string.Join(',', members)}}}";
    }

    private static string Json(Random random)
    {
        var value = Values[random.Next(Values.Length)];
        return value[0] == '\'' ? $"\"{value[1..^1].Replace("\\'", "'", StringComparison.Ordinal)}\"" : value == "null" ? "7" : value;
    }

    private static string Condition(Random random, int depth) => (depth == 0 ? random.Next(5) : random.Next(9)) switch
    {
        0 or 1 => $"{Paths[random.Next(Paths.Length)]} {Operator(random)} {Values[random.Next(Values.Length)]}",
        2 => $"{Paths[random.Next(Paths.Length)]} {(random.Next(2) == 0 ? "IN" : "NIN")} [{string.Join(", ", Enumerable.Range(0, random.Next(4)).Select(_ => Values[random.Next(Values.Length)]))}]",
        3 => random.Next(3) switch
        {
            0 => $"is_defined({Paths[random.Next(Paths.Length)]})",
            1 => Paths[random.Next(Paths.Length)],
            _ => $"{Values[random.Next(Values.Length)]} {Operator(random)} {Paths[random.Next(Paths.Length)]}",
        },
        4 => random.Next(4) switch
        {
            0 => $"{Paths[random.Next(Paths.Length)]} {Operator(random)} {Paths[random.Next(Paths.Length)]}",
            1 => string.Create(CultureInfo.InvariantCulture, $"{Paths[random.Next(Paths.Length)]} * 2 - 1 {Operator(random)} {random.Next(3)}"),
            2 => $"starts_with({Paths[random.Next(Paths.Length)]}, 'a')",
            _ => random.Next(3) switch { 0 => "true", 1 => "false", _ => "undefined" },
        },
        5 or 6 => $"({Condition(random, depth - 1)} AND {Condition(random, depth - 1)})",
        7 => $"({Condition(random, depth - 1)} OR {Condition(random, depth - 1)} OR {Condition(random, depth - 1)})",
        _ => $"NOT ({Condition(random, depth - 1)})",
    };

    private static string Operator(Random random) => random.Next(8) switch { 0 => "!=", 1 => "<", 2 => "<=", 3 => ">", 4 => ">=", 5 => "<>", _ => "=" };
}
