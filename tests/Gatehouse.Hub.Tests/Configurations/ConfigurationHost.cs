using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Hub.Tests.Twins;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Configurations;

/// <summary>A hub whose configurations are looked after when the test says so, and short words for what the tests do with it.</summary>
internal sealed class ConfigurationHost(HubHost host) : IAsyncDisposable
{
    internal HubHost Host { get; } = host;

    internal TwinHost Twins { get; } = new(host);

    internal Hub.Configurations.Configurations Configurations => Host.Get<Hub.Configurations.Configurations>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<ConfigurationHost> StartAsync(PostgresServer? server, ConfigurationOptions? options = null, RegistryOptions? registry = null) =>
        new(await HubHost.StartAsync(new HubOptions { Configurations = options ?? new(), Registry = registry ?? new() }, server));

    /// <summary>Until nothing is left to do.</summary>
    internal Task SettleAsync() => Host.Get<ConfigurationRunner>().WorkAsync(Token);

    internal Task<Result<Saved<Configuration>>> PutAsync(string id, string json, IfMatch? ifMatch = null)
    {
        var input = ConfigurationInput.Parse(Encoding.UTF8.GetBytes(json));
        return input.IsOk
            ? Configurations.PutAsync(Host.Hub, HubHost.Actor, id, input.Value, ifMatch ?? IfMatch.Absent, Token)
            : Task.FromResult<Result<Saved<Configuration>>>(input.Error);
    }

    /// <summary>Of devices, with one property; created a second after the one before.</summary>
    internal async Task<Configuration> AddAsync(string id, string condition, int priority, string content)
    {
        Host.Time.Advance(TimeSpan.FromSeconds(1));
        var body = new JsonObject { ["content"] = JsonNode.Parse(content), ["targetCondition"] = condition, ["priority"] = priority };
        return (await PutAsync(id, body.ToJsonString())).Value.Value;
    }

    internal Task<Result<bool>> DeleteAsync(string id) => Configurations.DeleteAsync(Host.Hub, HubHost.Actor, id, IfMatch.Absent, Token);

    internal async Task<Configuration> GetAsync(string id) => (await Configurations.GetAsync(Host.Hub, id, Token)).Value;

    /// <summary>With results that are counted now.</summary>
    internal Task<Configuration> MeasureAsync(string id)
    {
        Host.Time.Advance(TimeSpan.FromMinutes(1));
        return GetAsync(id);
    }

    internal Task<Result<bool>> ApplyAsync(string device, string json) =>
        Host.Get<ContentApplication>().ApplyAsync(Host.Hub, HubHost.Actor, HubHost.Key(device).Device, Encoding.UTF8.GetBytes(json), Token);

    /// <summary>Desired properties as text, without blanks and with the keys in order.</summary>
    internal async Task<string> DesiredAsync(string key) => Sort(JsonNode.Parse((await Twins.GetAsync(key)).Desired.Json.Span))!.ToJsonString();

    /// <summary><c>a:Applied b:Targeted</c>.</summary>
    internal async Task<string> StatusAsync(string key)
    {
        using var json = JsonDocument.Parse((await Twins.GetAsync(key)).Configurations);
        return string.Join(' ', json.RootElement.EnumerateObject().OrderBy(each => each.Name, StringComparer.Ordinal).Select(each => $"{each.Name}:{each.Value.GetProperty("status").GetString()}"));
    }

    internal async Task<long> VersionAsync(string key) => (await Twins.GetAsync(key)).Version;

    internal async Task PatchAsync(string key, string json) => Assert.True((await Twins.PatchAsync(key, json)).IsOk);

    internal async Task ReportAsync(string key, string json) => Assert.True((await Twins.ReportAsync(key, json)).IsOk);

    internal async Task AddDevicesAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            Assert.True((await Host.PutAsync(key)).IsOk);
        }
    }

    internal Task<T> ReadAsync<T>(string sql) => Host.Get<Database>().ReadAsync(async (connection, _) => (await connection.ExecuteScalarAsync<T>(sql))!, Token);

    internal Task ExecuteAsync(string sql) => Host.Get<Database>().WriteAsync<bool>(
        async (write, _) =>
        {
            await write.Connection.ExecuteAsync(sql, transaction: write.Transaction);
            return true;
        },
        Token);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private static JsonNode? Sort(JsonNode? node) => node is JsonObject members
        ? new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sort(member.Value))))
        : node?.DeepClone();
}
