using System.Globalization;
using System.Text;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;
using Gatehouse.Store;
using Xunit;

namespace Gatehouse.Hub.Tests.Twins;

/// <summary>A hub and short words for what the tests of twins do with it.</summary>
internal sealed class TwinHost(HubHost host) : IAsyncDisposable
{
    internal HubHost Host { get; } = host;

    internal Hub.Twins.Twins Twins => Host.Get<Hub.Twins.Twins>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal async Task<Twin> GetAsync(string key) => (await Twins.GetAsync(Host.Hub, HubHost.Key(key), Token)).Value;

    internal async Task<string> ReadAsync(string key) => Encoding.UTF8.GetString((await Twins.ReadPropertiesAsync(Host.Hub, HubHost.Key(key), null, Token)).Value.Span);

    internal Task<Result<Twin>> PatchAsync(string key, string json, IfMatch? ifMatch = null) => UpdateAsync(key, TwinUpdate.Patch(Encoding.UTF8.GetBytes(json)), ifMatch);

    internal Task<Result<Twin>> ReplaceAsync(string key, string json, IfMatch? ifMatch = null) => UpdateAsync(key, TwinUpdate.Replacement(Encoding.UTF8.GetBytes(json)), ifMatch);

    internal Task<Result<long>> ReportAsync(string key, string json, long? expected = null, string? generationId = null) => Twins.ReportAsync(Host.Hub, HubHost.Key(key), generationId, Encoding.UTF8.GetBytes(json), expected, Token);

    internal Task<Result<bool>> SetModelIdAsync(string key, string? modelId) => Twins.SetModelIdAsync(Host.Hub, HubHost.Key(key), null, modelId, Token);

    /// <summary>The index of tags as text, by path.</summary>
    internal Task<IReadOnlyList<string>> TagRowsAsync() => Host.Get<Database>().ReadAsync<IReadOnlyList<string>>(
        async (connection, token) =>
        {
            var rows = await connection.QueryAsync<(string Path, string Kind, string? Text, double? Number)>("SELECT path, kind, text_value, number_value FROM twin_tags");
            return [.. rows.OrderBy(row => row.Path, StringComparer.Ordinal).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Path} {row.Kind} {row.Text} {row.Number}"))];
        },
        Token);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private async Task<Result<Twin>> UpdateAsync(string key, Result<TwinUpdate> update, IfMatch? ifMatch) =>
        update.IsOk ? await Twins.UpdateAsync(Host.Hub, HubHost.Actor, HubHost.Key(key), update.Value, ifMatch ?? IfMatch.Absent, Token) : update.Error;
}
