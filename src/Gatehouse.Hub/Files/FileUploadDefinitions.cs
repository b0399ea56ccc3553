using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Resources;
using Gatehouse.Keys;
using Gatehouse.Sinks.Blobs;
using Gatehouse.Store;

namespace Gatehouse.Hub.Files;

/// <summary>The file upload properties of each hub. A change is one transaction with its audit record; every node reads them anew for each upload.</summary>
/// <remarks>Answers mask the account's key; who sends the mask, or nothing, in its place keeps it.</remarks>
public sealed class FileUploadDefinitions
{
    private readonly Database database;
    private readonly SecretVault vault;
    private readonly BlobLookups lookups;
    private readonly HubOptions options;

    internal FileUploadDefinitions(Database database, SecretVault vault, BlobLookups lookups, HubOptions options) =>
        (this.database, this.vault, this.lookups, this.options) = (database, vault, lookups, options);

    public async Task<FileUploadProperties> GetAsync(HubName hub, CancellationToken cancellationToken) => (await ReadAsync(hub, cancellationToken)).Show();

    /// <summary>Replaces them. An empty connection string means the embedded endpoint, null the present account. ArgumentInvalid, BlobContainerValidationError, PreconditionFailed.</summary>
    public async Task<Result<FileUploadProperties>> PutAsync(HubName hub, FileUploadProperties given, IfMatch ifMatch, string actor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(given);
        var present = await ReadAsync(hub, cancellationToken);
        var account = given.ConnectionString switch
        {
            null => Reveal(hub, present),
            "" => null,
            var text when text == present.Account => Reveal(hub, present),
            var text => text,
        };
        if ((CheckLife(given) ?? await CheckAccountAsync(account, given.ContainerName, cancellationToken)) is { } wrong)
        {
            return wrong;
        }

        var next = new StoredFileUpload
        {
            Account = account is null ? null : BlobTarget.Masked(account),
            Secret = account is null ? null : Seal(hub, account),
            ContainerName = account is null ? BlobAccess.Container : given.ContainerName,
            TokenLife = given.TokenLife,
            IsNotifying = given.IsNotifying,
            Notifications = given.Notifications,
            ETag = ResourceName.NewETag(),
        };

        // Completed from what was read: a change in between would be undone.
        var isKept = given.ConnectionString is null || given.ConnectionString == present.Account;
        var expected = ifMatch.Kind == IfMatchKind.Version ? ifMatch.ETag : isKept ? present.ETag : null;
        return await SaveAsync(hub, next, expected, actor, cancellationToken);
    }

    /// <summary>The container that devices of the hub upload to; null for the embedded endpoint.</summary>
    internal async Task<(FileUploadProperties Properties, UploadContainer? Container)> OpenAsync(HubName hub, CancellationToken cancellationToken)
    {
        var stored = await ReadAsync(hub, cancellationToken);
        return (stored.Show(), Reveal(hub, stored) is { } account ? UploadContainer.Parse(account, stored.ContainerName) : null);
    }

    internal async ValueTask<NotificationOptions> NotificationsAsync(HubName hub, CancellationToken cancellationToken) => (await ReadAsync(hub, cancellationToken)).Notifications;

    private async Task<StoredFileUpload> ReadAsync(HubName hub, CancellationToken cancellationToken) =>
        await database.ReadAsync((connection, token) => FileUploadPropertyRows.FindAsync(connection, null, hub, token), cancellationToken) ?? Default;

    private StoredFileUpload Default => new() { TokenLife = options.Files.TokenLife, IsNotifying = options.Files.Notifications, Notifications = options.FileNotifications };

    private async Task<Result<FileUploadProperties>> SaveAsync(HubName hub, StoredFileUpload next, string? expected, string actor, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync<StoredFileUpload>(
            async (write, token) =>
            {
                if (await HubLock.TakeAsync(write, database.Dialect, hub, token) is { } missing)
                {
                    return missing;
                }

                var before = await FileUploadPropertyRows.FindAsync(write.Connection, write.Transaction, hub, token) ?? Default;
                if (expected is not null && expected != before.ETag)
                {
                    return HubErrors.PreconditionFailed;
                }

                await FileUploadPropertyRows.SaveAsync(write, hub, next, token);
                write.Audit(new AuditRecord { Hub = hub.Value, Actor = actor, Action = "fileupload.update", Subject = hub.Value, Detail = Describe(next).ToJsonString() });
                return next;
            },
            cancellationToken);
        return saved.IsOk ? saved.Value.Show() : saved.Error;
    }

    private static JsonObject Describe(StoredFileUpload next) => new()
    {
        ["account"] = next.Account ?? "embedded",
        ["container"] = next.ContainerName,
        ["sasTtl"] = next.TokenLife.ToString(),
        ["notifications"] = next.IsNotifying,
    };

    // Source: IoT Hub "Configure file uploads" page.
    private static HubError? CheckLife(FileUploadProperties given)
    {
        var (life, notifications) = (given.TokenLife, given.Notifications);
        return life < TimeSpan.FromMinutes(1) || life > TimeSpan.FromHours(24) ? HubErrors.ArgumentInvalid.With("The sasTtlAsIso8601 must be 1 minute to 24 hours, as PT1H.")
            : notifications.TimeToLive < TimeSpan.FromMinutes(1) || notifications.TimeToLive > TimeSpan.FromDays(2) ? HubErrors.ArgumentInvalid.With("The ttlAsIso8601 must be 1 minute to 2 days, as PT1H.")
            : notifications.LockDuration < TimeSpan.FromSeconds(5) || notifications.LockDuration > TimeSpan.FromSeconds(300) ? HubErrors.ArgumentInvalid.With("The lockDurationAsIso8601 must be 5 to 300 seconds, as PT1M.")
            : notifications.MaxDeliveryCount is < 1 or > 100 ? HubErrors.ArgumentInvalid.With("The maxDeliveryCount must be 1 to 100.")
            : null;
    }

    // Found out here and not by the first device.
    private async Task<HubError?> CheckAccountAsync(string? account, string containerName, CancellationToken cancellationToken)
    {
        if (account is null)
        {
            return null;
        }

        if (UploadContainer.Check(account, containerName, options.Sinks) is { } fault)
        {
            return HubErrors.ArgumentInvalid.With(fault);
        }

        return await lookups.TestAsync(UploadContainer.Parse(account, containerName), cancellationToken) is { } problem ? HubErrors.BlobContainerValidationError.With(problem) : null;
    }

    private byte[] Seal(HubName hub, string account)
    {
        var bytes = Encoding.UTF8.GetBytes(account);
        var blob = vault.Seal(bytes, KeyBinding.ForUploadAccount(hub)).Blob.ToArray();
        CryptographicOperations.ZeroMemory(bytes);
        return blob;
    }

    private string? Reveal(HubName hub, StoredFileUpload stored)
    {
        if (stored.Secret is null)
        {
            return null;
        }

        var bytes = vault.Reveal(new SealedSecret(stored.Secret), KeyBinding.ForUploadAccount(hub));
        var text = Encoding.UTF8.GetString(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return text;
    }
}
