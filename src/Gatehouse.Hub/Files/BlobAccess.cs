using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Keys;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>Shared access signatures for single blobs, signed with the hub's own account key, which never leaves the vault.</summary>
/// <remarks>Source: Azure Storage "Create a service SAS" page, version 2020-12-06: the fields of the text that is signed, in their order.</remarks>
public sealed class BlobAccess
{
    /// <summary>The container of every hub; the first segment of a blob's path.</summary>
    public const string Container = "uploads";

    private const string Version = "2020-12-06";
    private const string Protocol = "https";
    private const int MacBytes = 32;

    private readonly Database database;
    private readonly SecretVault vault;
    private readonly TimeProvider time;

    // Sealed, as they are stored: whoever shows a token must not cost a read of the store. A hub's key never changes.
    private readonly ConcurrentDictionary<HubName, byte[]> keys = new();

    internal BlobAccess(Database database, SecretVault vault, TimeProvider time) => (this.database, this.vault, this.time) = (database, vault, time);

    /// <summary>A token for one blob, as a query with a leading <c>?</c>.</summary>
    /// <param name="hub">Account.</param>
    /// <param name="blob">The one blob.</param>
    /// <param name="upload">Whom it is for.</param>
    /// <param name="permissions"><c>r</c>, <c>w</c> or <c>rw</c>.</param>
    /// <param name="expires">End.</param>
    /// <param name="cancellationToken">Ends the wait for the key.</param>
    internal async Task<string> SignAsync(HubName hub, string blob, UploadMark upload, string permissions, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        var end = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var mac = Mac(hub, await FindKeyAsync(hub, cancellationToken) ?? await MakeKeyAsync(hub, cancellationToken), TextOf(hub, blob, permissions, end, upload.ToString()));
        return $"?sv={Version}&spr={Protocol}&se={Uri.EscapeDataString(end)}&sr=b&si={Uri.EscapeDataString(upload.ToString())}&sp={permissions}&sig={Uri.EscapeDataString(Convert.ToBase64String(mac))}";
    }

    /// <summary>The correlation id of the upload, when the query's token is good for this blob, now, with this permission. Other fields of the query are not looked at. Whether the upload is still
    /// under way is for the store to say when something is written; what is only read is for the device that began it, as long as that is there and enabled.</summary>
    public async Task<Result<string>> CheckAsync(HubName hub, string blob, char permission, Func<string, string?> query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Span<byte> given = stackalloc byte[MacBytes + 3];
        var (permissions, end, identifier) = (query("sp") ?? "", query("se") ?? "", query("si") ?? "");
        if (!Convert.TryFromBase64String(query("sig") ?? "", given, out var length) || length != MacBytes || query("sv") != Version || query("sr") != "b" || query("spr") != Protocol)
        {
            return BlobErrors.AuthenticationFailed;
        }

        // A hub without a key has signed nothing.
        var mac = given[..MacBytes].ToArray();
        if (!(await FindKeyAsync(hub, cancellationToken) is { } key
            && CryptographicOperations.FixedTimeEquals(Mac(hub, key, TextOf(hub, blob, permissions, end, identifier)), mac)
            && UploadMark.Parse(identifier) is { } upload
            && DateTimeOffset.TryParseExact(end, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var expires)
            && expires > time.GetUtcNow()))
        {
            return BlobErrors.AuthenticationFailed;
        }

        return !permissions.Contains(permission, StringComparison.Ordinal) ? BlobErrors.AuthorizationPermissionMismatch
            : permission == 'r' && !await IsThereAsync(hub, blob, upload, cancellationToken) ? BlobErrors.AuthenticationFailed
            : upload.CorrelationId;
    }

    // Empty fields: start, address, snapshot, encryption scope and the five headers of answers.
    private static string TextOf(HubName hub, string blob, string permissions, string end, string identifier) =>
        $"{permissions}\n\n{end}\n/blob/{hub.Value}/{Container}/{blob}\n{identifier}\n\n{Protocol}\n{Version}\nb\n\n\n\n\n\n\n";

    private Task<bool> IsThereAsync(HubName hub, string blob, UploadMark upload, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT 1 FROM identities WHERE hub = @Hub AND device_id = @Device AND module_id = '' AND generation_id = @GenerationId AND is_disabled = 0",
            new { Hub = hub.Value, Device = blob[..Math.Max(0, blob.IndexOf('/', StringComparison.Ordinal))], upload.GenerationId },
            cancellationToken: token)) is not null,
        cancellationToken);

    private byte[] Mac(HubName hub, byte[] key, string text)
    {
        var mac = new byte[MacBytes];
        return vault.TryHmacSha256(new SealedSecret(key), KeyBinding.ForStorageAccount(hub), Encoding.UTF8.GetBytes(text), mac)
            ? mac
            : throw new InvalidOperationException($"The storage key of hub '{hub}' does not open: check the server's key file.");
    }

    private async Task<byte[]?> FindKeyAsync(HubName hub, CancellationToken cancellationToken)
    {
        if (keys.TryGetValue(hub, out var known))
        {
            return known;
        }

        var stored = await database.ReadAsync(
            (connection, token) => connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition("SELECT account_key FROM storage_accounts WHERE hub = @Hub", new { Hub = hub.Value }, cancellationToken: token)),
            cancellationToken);
        return stored is null ? null : keys.GetOrAdd(hub, stored);
    }

    private async Task<byte[]> MakeKeyAsync(HubName hub, CancellationToken cancellationToken)
    {
        var fresh = AccessPolicies.PolicyKeys.SealNew(vault, KeyBinding.ForStorageAccount(hub));
        await database.WriteAsync<int>(
            async (write, token) => await write.Connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO storage_accounts (hub, account_key) VALUES (@Hub, @Key) ON CONFLICT (hub) DO NOTHING", new { Hub = hub.Value, Key = fresh }, write.Transaction, cancellationToken: token)),
            cancellationToken);
        return (await FindKeyAsync(hub, cancellationToken))!;
    }
}
