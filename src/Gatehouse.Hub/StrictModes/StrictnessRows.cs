using System.Data.Common;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Store;

namespace Gatehouse.Hub.StrictModes;

/// <summary>SQL of what a hub asks of proofs: columns of the <c>hubs</c> table, and who is registered with what.</summary>
internal static class StrictnessRows
{
    internal const string AnyWord = "any";
    internal const string X509Word = "x509";
    internal const string OwnWord = "own";
    internal const string StoredWord = "stored";
    internal const string DerivedWord = "derived";

    // The device of a module decides whether it is enabled.
    private const string Enabled =
        "FROM identities i JOIN identities d ON d.hub = i.hub AND d.device_id = i.device_id AND d.module_id = '' WHERE i.hub = @hub AND d.is_disabled = 0";

    private const string Stored = "FROM identities WHERE hub = @hub AND credential_kind = @kind AND (primary_derivation = 0 OR secondary_derivation = 0)";

    /// <summary>A word of a newer release that is unknown here is the strict one.</summary>
    internal static Strictness Read(long maxTokenSeconds, string deviceAuthentication, string deviceTokens, string deviceKeys) =>
        new() { MaxTokenSeconds = maxTokenSeconds, IsX509Only = deviceAuthentication != AnyWord, IsOwnTokensOnly = deviceTokens != AnyWord, HasDerivedKeysOnly = deviceKeys != StoredWord };

    internal static async Task<HubStrictness?> FindAsync(DbConnection connection, DbTransaction? transaction, HubName hub, CancellationToken cancellationToken)
    {
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT max_token_seconds AS MaxTokenSeconds, device_authentication AS DeviceAuthentication, device_tokens AS DeviceTokens, device_keys AS DeviceKeys, strictness_etag AS Etag FROM hubs WHERE name = @hub",
            new { hub = hub.Value }, transaction, cancellationToken: cancellationToken));
        return row is null ? null : new HubStrictness(Read(row.MaxTokenSeconds, row.DeviceAuthentication, row.DeviceTokens, row.DeviceKeys), row.Etag);
    }

    internal static Task SaveAsync(WriteTransaction write, HubName hub, HubStrictness saved, CancellationToken cancellationToken) => write.Connection.ExecuteAsync(new CommandDefinition(
        "UPDATE hubs SET max_token_seconds = @MaxTokenSeconds, device_authentication = @DeviceAuthentication, device_tokens = @DeviceTokens, device_keys = @DeviceKeys, strictness_etag = @Counter WHERE name = @hub",
        new
        {
            hub = hub.Value,
            saved.Strictness.MaxTokenSeconds,
            DeviceAuthentication = WordOf(saved.Strictness.IsX509Only),
            DeviceTokens = TokenWordOf(saved.Strictness.IsOwnTokensOnly),
            DeviceKeys = KeyWordOf(saved.Strictness.HasDerivedKeysOnly),
            saved.Counter,
        },
        write.Transaction,
        cancellationToken: cancellationToken));

    internal static string WordOf(bool isX509Only) => isX509Only ? X509Word : AnyWord;

    internal static string TokenWordOf(bool isOwnOnly) => isOwnOnly ? OwnWord : AnyWord;

    internal static string KeyWordOf(bool isDerived) => isDerived ? DerivedWord : StoredWord;

    /// <summary>Devices and modules of which a key is stored, enabled or not.</summary>
    internal static Task<long> CountStoredAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
        $"SELECT COUNT(*) {Stored}", new { hub = hub.Value, kind = (long)CredentialKind.Sas }, cancellationToken: cancellationToken));

    /// <summary>The first of them, in the order of names.</summary>
    internal static async Task<IReadOnlyList<string>> FindStoredAsync(DbConnection connection, HubName hub, int max, CancellationToken cancellationToken) =>
        NamesOf(await connection.QueryAsync<(string Device, string Module)>(new CommandDefinition(
            $"SELECT device_id, module_id {Stored} ORDER BY device_id, module_id LIMIT @max",
            new { hub = hub.Value, kind = (long)CredentialKind.Sas, max }, cancellationToken: cancellationToken)));

    /// <summary>Enabled devices and modules with keys, and with certificates.</summary>
    internal static async Task<(long ByToken, long ByCertificate)> CountAsync(DbConnection connection, HubName hub, CancellationToken cancellationToken)
    {
        var counts = (await connection.QueryAsync<(long Kind, long Count)>(new CommandDefinition(
            $"SELECT i.credential_kind, COUNT(*) {Enabled} GROUP BY i.credential_kind", new { hub = hub.Value }, cancellationToken: cancellationToken))).ToDictionary(each => (CredentialKind)each.Kind, each => each.Count);
        return (counts.GetValueOrDefault(CredentialKind.Sas), counts.GetValueOrDefault(CredentialKind.SelfSigned) + counts.GetValueOrDefault(CredentialKind.CertificateAuthority));
    }

    /// <summary>The first of those with keys, in the order of names.</summary>
    internal static async Task<IReadOnlyList<string>> FindByTokenAsync(DbConnection connection, HubName hub, int max, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<(string Device, string Module)>(new CommandDefinition(
            $"SELECT i.device_id, i.module_id {Enabled} AND i.credential_kind = @kind ORDER BY i.device_id, i.module_id LIMIT @max",
            new { hub = hub.Value, kind = (long)CredentialKind.Sas, max }, cancellationToken: cancellationToken));
        return NamesOf(rows);
    }

    private static IReadOnlyList<string> NamesOf(IEnumerable<(string Device, string Module)> rows) => [.. rows.Select(row => row.Module.Length == 0 ? row.Device : $"{row.Device}/{row.Module}")];

    private sealed class Row
    {
        public long MaxTokenSeconds { get; init; }

        public string DeviceAuthentication { get; init; } = "";

        public string DeviceTokens { get; init; } = "";

        public string DeviceKeys { get; init; } = "";

        public long Etag { get; init; }
    }
}
