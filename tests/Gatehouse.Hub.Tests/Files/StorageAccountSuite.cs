using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.Hub.Notifications;
using Gatehouse.Hub.Registry;
using Gatehouse.Sinks;
using Gatehouse.Store;
using Gatehouse.Store.Suite;
using Xunit;

namespace Gatehouse.Hub.Tests.Files;

public sealed class SqliteStorageAccountTests() : StorageAccountSuite(null);

public sealed class PostgresStorageAccountTests(PostgresServer server) : StorageAccountSuite(server);

/// <summary>Uploads to a storage account of the hub's: how it is set, what devices get, what becomes of an upload when the account is away.</summary>
public abstract class StorageAccountSuite(PostgresServer? server)
{
    private static readonly DeviceId Device = DeviceId.Parse("d1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_account_is_asked_kept_sealed_and_shown_masked()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        var definitions = hub.Get<FileUploadDefinitions>();
        var before = await definitions.GetAsync(hub.Hub, Token);
        Assert.Equal((null, "uploads", TimeSpan.FromHours(1), true), (before.ConnectionString, before.ContainerName, before.TokenLife, before.IsNotifying));

        var saved = (await PutAsync(hub, account.ConnectionString)).Value;
        var kept = (await PutAsync(hub, saved.ConnectionString, change: given => given with { TokenLife = TimeSpan.FromMinutes(5) })).Value;
        var again = (await PutAsync(hub, null)).Value;

        Assert.Equal(saved.ConnectionString, again.ConnectionString);
        Assert.Contains("AccountKey=****", saved.ConnectionString, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromMinutes(5), kept.TokenLife);
        Assert.Equal(3, account.Asked.Count(each => each == "HEAD /acct/box?restype=container"));
        Assert.StartsWith("?sv=", (await BeginAsync(hub)).SasToken, StringComparison.Ordinal);
        var stored = await hub.Get<Database>().ReadAsync((connection, token) => connection.ExecuteScalarAsync<string>("SELECT definition FROM file_upload_properties"), Token);
        Assert.DoesNotContain(AccountServer.Key, stored, StringComparison.Ordinal);
        Assert.DoesNotContain(AccountServer.Key, Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(saved.ToString())), StringComparison.Ordinal);
        Assert.Equal(["device.create d1", "fileupload.update gatehouse", "fileupload.update gatehouse", "fileupload.update gatehouse"], await hub.AuditedAsync());

        Assert.Null((await PutAsync(hub, "")).Value.ConnectionString);
    }

    [Fact]
    public async Task What_cannot_be_used_is_refused_and_changes_nothing()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        var good = (await PutAsync(hub, account.ConnectionString)).Value;

        Assert.Equal("BlobContainerValidationError", (await PutAsync(hub, account.ConnectionString, "other")).Error?.Name);
        Assert.Equal("BlobContainerValidationError", (await PutAsync(hub, "DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=eA==;BlobEndpoint=http://127.0.0.1:1/acct")).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await PutAsync(hub, account.ConnectionString, "No")).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await PutAsync(hub, "BlobEndpoint=https://x.example.com;SharedAccessSignature=sv=1&sig=x")).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await PutAsync(hub, "AccountName=acct;AccountKey=not base64")).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await PutAsync(hub, "nonsense")).Error?.Name);
        Assert.Equal("PreconditionFailed", (await PutAsync(hub, account.ConnectionString, ifMatch: IfMatch.Version("other"))).Error?.Name);

        Assert.Equal(good, await hub.Get<FileUploadDefinitions>().GetAsync(hub.Hub, Token));
    }

    [Fact]
    public async Task An_account_without_TLS_or_at_a_private_address_needs_leave()
    {
        await using var hub = await HubHost.StartAsync(server: server);

        var plain = await PutAsync(hub, "DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=eA==");
        var near = await PutAsync(hub, "AccountName=acct;AccountKey=eA==;BlobEndpoint=https://127.0.0.1:9/acct");

        Assert.Equal(("ArgumentInvalid", true), (plain.Error?.Name, plain.Error?.Message.Contains("--private-endpoints", StringComparison.Ordinal)));
        Assert.Equal(("BlobContainerValidationError", true), (near.Error?.Name, near.Error?.Message.Contains("--private-endpoints", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(60, 60, 5, 1, null)]
    [InlineData(86_400, 172_800, 300, 100, null)]
    [InlineData(59, 60, 5, 1, "ArgumentInvalid")]
    [InlineData(86_401, 60, 5, 1, "ArgumentInvalid")]
    [InlineData(60, 59, 5, 1, "ArgumentInvalid")]
    [InlineData(60, 172_801, 5, 1, "ArgumentInvalid")]
    [InlineData(60, 60, 4, 1, "ArgumentInvalid")]
    [InlineData(60, 60, 301, 1, "ArgumentInvalid")]
    [InlineData(60, 60, 5, 0, "ArgumentInvalid")]
    [InlineData(60, 60, 5, 101, "ArgumentInvalid")]
    public async Task Times_and_counts_are_bounded(int life, int ttl, int locked, int deliveries, string? error)
    {
        await using var hub = await StartAsync();

        var saved = await PutAsync(hub, "", change: given => given with
        {
            TokenLife = TimeSpan.FromSeconds(life),
            Notifications = new NotificationOptions { TimeToLive = TimeSpan.FromSeconds(ttl), LockDuration = TimeSpan.FromSeconds(locked), MaxDeliveryCount = deliveries },
        });

        Assert.Equal(error, saved.Error?.Name);
    }

    [Fact]
    public async Task A_device_gets_a_token_for_one_blob_of_the_account_and_back_ends_hear_of_the_file()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString);

        var ticket = await BeginAsync(hub, "lögs/a #1.txt");

        Assert.Equal((account.Host, "acct/box", "d1/lögs/a #1.txt"), (ticket.HostName, ticket.ContainerName, ticket.BlobName));
        var fields = ticket.SasToken[1..].Split('&').Select(each => each.Split('=', 2)).ToDictionary(each => each[0], each => Uri.UnescapeDataString(each[1]));
        Assert.Equal(("rw", "b", "https,http", "2026-11-24T09:00:00Z"), (fields["sp"], fields["sr"], fields["spr"], fields["se"]));
        Assert.Equal("InvalidFileUploadCompletionStatus", await EndAsync(hub, ticket));
        var changed = new DateTimeOffset(2026, 11, 24, 8, 0, 7, TimeSpan.Zero);
        account.Blobs["/acct/box/d1/l%C3%B6gs/a%20%231.txt"] = (4711, changed);
        Assert.Null(await EndAsync(hub, ticket));
        Assert.Equal("InvalidFileUploadCorrelationId", await EndAsync(hub, ticket));

        using var told = JsonDocument.Parse((await TakeAsync(hub))!.Body);
        Assert.Equal(
            ("d1", $"http://{account.Host}/acct/box/d1/l%C3%B6gs/a%20%231.txt", "d1/lögs/a #1.txt", 4711L, changed),
            (told.RootElement.GetProperty("deviceId").GetString(), told.RootElement.GetProperty("blobUri").GetString(), told.RootElement.GetProperty("blobName").GetString(),
                told.RootElement.GetProperty("blobSizeInBytes").GetInt64(), told.RootElement.GetProperty("lastUpdatedTime").GetDateTimeOffset()));
        Assert.Null(await TakeAsync(hub));
    }

    [Fact]
    public async Task A_blob_from_before_the_upload_is_not_taken_for_it()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString);
        var ticket = await BeginAsync(hub);

        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow().AddMinutes(-5).AddSeconds(-1));
        Assert.Equal("InvalidFileUploadCompletionStatus", await EndAsync(hub, ticket));

        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow().AddMinutes(-5));
        Assert.Null(await EndAsync(hub, ticket));
    }

    [Fact]
    public async Task While_the_account_is_away_an_upload_is_not_lost()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString);
        var ticket = await BeginAsync(hub);
        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow());

        account.IsDown = true;
        Assert.Equal("ServiceUnavailable", await EndAsync(hub, ticket));
        Assert.Equal("ServiceUnavailable", await EndAsync(hub, ticket));
        Assert.NotNull(await BeginAsync(hub, "y"));
        account.IsDown = false;

        // The token has ended, the time to tell has not.
        hub.Time.Advance(TimeSpan.FromMinutes(119));
        Assert.Null(await EndAsync(hub, ticket));
        Assert.NotNull(await TakeAsync(hub));
    }

    [Fact]
    public async Task A_word_that_comes_too_late_is_told_so()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString);
        var ticket = await BeginAsync(hub);
        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow());

        hub.Time.Advance(TimeSpan.FromMinutes(120));

        Assert.Equal("ExpiredFileUploadCorrelationId", await EndAsync(hub, ticket));
    }

    [Fact]
    public async Task An_upload_to_a_place_that_is_not_the_hubs_any_more_must_be_begun_again()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString);
        var ticket = await BeginAsync(hub);
        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow());

        await PutAsync(hub, "");

        Assert.Equal("InvalidFileUploadCompletionStatus", await EndAsync(hub, ticket));
        Assert.Null((await hub.Get<FileUploads>().NotifyAsync(hub.Hub, Device, "https://hub", ticket.CorrelationId, false, Token)).Error);
    }

    [Fact]
    public async Task Notifications_live_as_long_as_the_hub_says()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        var life = new NotificationOptions { TimeToLive = TimeSpan.FromMinutes(1), LockDuration = TimeSpan.FromSeconds(5), MaxDeliveryCount = 2 };
        await PutAsync(hub, account.ConnectionString, change: given => given with { Notifications = life });
        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow().AddHours(1));

        await EndAsync(hub, await BeginAsync(hub));
        Assert.NotNull(await TakeAsync(hub));
        Assert.Null(await TakeAsync(hub));
        hub.Time.Advance(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 2; i++)
        {
            await hub.Get<NotificationQueues>().AbandonAsync(hub.Hub, NotificationKind.FileNotification, (await TakeAsync(hub))!.LockToken, Token);
        }

        Assert.Null(await TakeAsync(hub));
        await EndAsync(hub, await BeginAsync(hub));
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await TakeAsync(hub));
    }

    [Fact]
    public async Task A_hub_that_notifies_nobody_still_ends_uploads()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString, change: given => given with { IsNotifying = false });
        account.Blobs["/acct/box/d1/x"] = (1, hub.Time.GetUtcNow());

        Assert.Null(await EndAsync(hub, await BeginAsync(hub)));

        Assert.Null(await TakeAsync(hub));
    }

    [Fact]
    public async Task What_was_never_finished_is_told_once()
    {
        await using var hub = await StartAsync();
        using var account = new AccountServer();
        await PutAsync(hub, account.ConnectionString);
        await BeginAsync(hub);
        var database = hub.Get<Database>();
        async Task<int> TakeUnfinishedAsync() => (await database.WriteAsync<int>(
            async (write, token) => (await FileUploadRows.TakeUnfinishedAsync(write, (hub.Time.GetUtcNow() - new Gatehouse.Hub.Files.FileOptions().NotificationWindow).UtcTicks, token)).Count, Token)).Value;

        hub.Time.Advance(TimeSpan.FromMinutes(119));
        Assert.Equal(0, await TakeUnfinishedAsync());
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await TakeUnfinishedAsync());
        Assert.Equal(0, await TakeUnfinishedAsync());
    }

    private async Task<HubHost> StartAsync()
    {
        var hub = await HubHost.StartAsync(new HubOptions { Sinks = new SinkOptions { AllowPrivateAddresses = true } }, server);
        await hub.PutAsync("d1");
        return hub;
    }

    private static async Task<Result<FileUploadProperties>> PutAsync(
        HubHost hub, string? connectionString, string container = "box", IfMatch? ifMatch = null, Func<FileUploadProperties, FileUploadProperties>? change = null)
    {
        var given = new FileUploadProperties { ConnectionString = connectionString, ContainerName = container, TokenLife = TimeSpan.FromHours(1), IsNotifying = true, Notifications = new() };
        return await hub.Get<FileUploadDefinitions>().PutAsync(hub.Hub, change?.Invoke(given) ?? given, ifMatch ?? IfMatch.Absent, HubHost.Actor, Token);
    }

    private static async Task<FileUploadTicket> BeginAsync(HubHost hub, string name = "x") => (await hub.Get<FileUploads>().InitializeAsync(hub.Hub, Device, name, Token)).Value;

    private static async Task<string?> EndAsync(HubHost hub, FileUploadTicket ticket) =>
        (await hub.Get<FileUploads>().NotifyAsync(hub.Hub, Device, "https://hub", ticket.CorrelationId, true, Token)).Error?.Name;

    private static Task<LockedNotification?> TakeAsync(HubHost hub) => hub.Get<NotificationQueues>().TakeAsync(hub.Hub, NotificationKind.FileNotification, Token);
}
