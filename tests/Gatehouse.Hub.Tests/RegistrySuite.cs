using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Registry;
using Gatehouse.Store.Suite;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Gatehouse.Hub.Tests;

public sealed class SqliteRegistryTests() : RegistrySuite(null);

public sealed class PostgresRegistryTests(PostgresServer server) : RegistrySuite(server);

/// <summary>Devices and modules under the service's precondition table; every change with its audit record and none without a change.</summary>
public abstract class RegistrySuite(PostgresServer? server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<HubHost> StartAsync(RegistryOptions? options = null) => HubHost.StartAsync(new HubOptions { Registry = options ?? new() }, server);

    [Fact]
    public async Task A_device_is_made_read_changed_and_deleted_and_each_leaves_its_record()
    {
        await using var hub = await StartAsync();
        var made = (await hub.PutAsync("d1")).Value;
        var changed = (await hub.PutAsync("d1", IfMatch.Version(made.ETag), input => input with { Status = "Disabled", StatusReason = "lost" })).Value;

        Assert.Equal((true, null, null, "sas"), (made.IsEnabled, made.StatusReason, made.StatusChanged, made.AuthenticationType));
        Assert.Equal((32, 32), (Convert.FromBase64String(made.PrimaryKey!).Length, Convert.FromBase64String(made.SecondaryKey!).Length));
        Assert.NotEqual(made.PrimaryKey, made.SecondaryKey);
        Assert.Equal((false, "lost", hub.Time.GetUtcNow()), (changed.IsEnabled, changed.StatusReason, changed.StatusChanged));
        Assert.Equal(made.GenerationId, changed.GenerationId);
        Assert.NotEqual(made.ETag, changed.ETag);
        Assert.NotEqual(made.PrimaryKey, changed.PrimaryKey); // as the service: an update without authentication mints new keys
        Assert.Equal(changed.PrimaryKey, (await hub.FindAsync("d1")).Value.PrimaryKey);
        Assert.True((await hub.DeleteAsync("d1", IfMatch.Version(changed.ETag))).IsOk);
        Assert.Same(HubErrors.DeviceNotFound, (await hub.FindAsync("d1")).Error);
        var again = (await hub.PutAsync("d1")).Value;
        Assert.True(string.CompareOrdinal(again.GenerationId, made.GenerationId) > 0);
        Assert.Equal(["device.create d1", "device.update d1", "device.delete d1", "device.create d1"], await hub.AuditedAsync());
    }

    [Theory]
    [InlineData("absent", true, "DeviceAlreadyExists")]
    [InlineData("absent", false, null)]
    [InlineData("any", true, null)]
    [InlineData("any", false, "DeviceNotFound")]
    [InlineData("current", true, null)]
    [InlineData("stale", true, "PreconditionFailed")]
    [InlineData("stale", false, "DeviceNotFound")]
    public async Task A_put_follows_the_precondition_table_and_a_refused_one_leaves_nothing(string condition, bool exists, string? error)
    {
        await using var hub = await StartAsync();
        var first = exists ? (await hub.PutAsync("d1")).Value : null;
        var audited = await hub.AuditedAsync();

        var result = await hub.PutAsync("d1", IfMatchOf(condition, first?.ETag));

        Assert.Equal(error, result.Error?.Name);
        if (error is not null)
        {
            Assert.Equal(audited, await hub.AuditedAsync());
            Assert.Equal(first?.ETag, (await hub.FindAsync("d1")) is { IsOk: true } found ? found.Value.ETag : null);
        }
    }

    [Theory]
    [InlineData("absent", true, "PreconditionFailed")]
    [InlineData("absent", false, "PreconditionFailed")]
    [InlineData("any", true, null)]
    [InlineData("any", false, "DeviceNotFound")]
    [InlineData("current", true, null)]
    [InlineData("stale", true, "PreconditionFailed")]
    [InlineData("stale", false, "DeviceNotFound")]
    public async Task A_delete_follows_the_precondition_table(string condition, bool exists, string? error)
    {
        await using var hub = await StartAsync();
        var first = exists ? (await hub.PutAsync("d1")).Value : null;

        Assert.Equal(error, (await hub.DeleteAsync("d1", IfMatchOf(condition, first?.ETag))).Error?.Name);

        Assert.Equal(exists && error is not null, (await hub.FindAsync("d1")).IsOk);
    }

    [Fact]
    public async Task Of_many_updates_with_one_etag_exactly_one_wins()
    {
        await using var hub = await StartAsync();
        var made = (await hub.PutAsync("d1")).Value;

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => hub.PutAsync("d1", IfMatch.Version(made.ETag)), Token)));

        Assert.Single(results, result => result.IsOk);
        Assert.All(results.Where(result => !result.IsOk), result => Assert.Equal("PreconditionFailed", result.Error!.Name));
    }

    [Fact]
    public async Task Of_many_creations_of_one_name_exactly_one_wins()
    {
        await using var hub = await StartAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => hub.PutAsync("d1"), Token)));

        Assert.Single(results, result => result.IsOk);
        Assert.Equal(1, (await hub.Get<RegistryStatistics>().ReadAsync(hub.Hub, Token)).Value.Total);
    }

    [Fact]
    public async Task Modules_belong_to_their_device_and_go_with_it()
    {
        await using var hub = await StartAsync();
        Assert.Equal("DeviceNotFound", (await hub.PutAsync("d1/m1")).Error?.Name);
        await hub.PutAsync("d1");
        var made = (await hub.PutAsync("d1/m1", change: input => input with { ManagedBy = "me" })).Value;

        Assert.Equal("me", made.ManagedBy);
        Assert.Equal("ModuleAlreadyExistsOnDevice", (await hub.PutAsync("d1/m1")).Error?.Name);
        Assert.Equal("ModuleNotFound", (await hub.FindAsync("d1/m2")).Error?.Name);
        Assert.Equal("ArgumentInvalid", (await hub.PutAsync("d1/$mine")).Error?.Name);
        await hub.DeleteAsync("d1", IfMatch.Any);
        Assert.Equal("ModuleNotFound", (await hub.FindAsync("d1/m1")).Error?.Name);
    }

    [Fact]
    public async Task A_device_takes_its_limit_of_modules_and_not_one_more()
    {
        await using var hub = await StartAsync(new RegistryOptions { MaxModulesPerDevice = 2 });
        await hub.PutAsync("d1", change: input => input with { IsEdge = true });

        Assert.True((await hub.PutAsync("d1/m1")).IsOk);
        Assert.True((await hub.PutAsync("d1/m2")).IsOk);
        Assert.Equal("TooManyModulesOnDevice", (await hub.PutAsync("d1/m3")).Error?.Name);
        Assert.Equal(["$edgeAgent", "$edgeHub", "m1", "m2"], (await hub.Registry.ListModulesAsync(hub.Hub, HubHost.Key("d1").Device, Token)).Value.Select(module => module.Key.Module!.Value.Value).Order());
    }

    [Fact]
    public async Task A_hub_takes_its_limit_of_identities_and_not_one_more_singly_or_in_bulk()
    {
        await using var hub = await StartAsync(new RegistryOptions { MaxIdentities = 3 });
        await hub.PutAsync("d1");
        await hub.PutAsync("d1/m1");

        Assert.Equal("TooManyDevices", (await hub.PutAsync("edge", change: input => input with { IsEdge = true })).Error?.Name);
        Assert.Equal(["TooManyDevices"], (await hub.BulkAsync(("d2", ImportMode.Create, null), ("d3", ImportMode.Create, null))).Value.Select(error => error.Error.Name));
        Assert.Equal("TooManyDevices", (await hub.PutAsync("d1/m2")).Error?.Name);
        await hub.DeleteAsync("d1/m1", IfMatch.Any);
        Assert.True((await hub.PutAsync("d3")).IsOk);
    }

    [Fact]
    public async Task Bulk_does_what_can_be_done_and_names_what_cannot()
    {
        await using var hub = await StartAsync();
        var key = (await hub.PutAsync("d1")).Value.PrimaryKey;
        await hub.PutAsync("d2");

        var errors = (await hub.BulkAsync(
            ("d1", ImportMode.CreateOrUpdate, null),
            ("d2", ImportMode.Create, null),
            ("d3", ImportMode.Update, null),
            ("d4", ImportMode.Create, null),
            ("d4/m1", ImportMode.Create, null),
            ("d5", ImportMode.UpdateTwin, null),
            ("d6", ImportMode.DeleteIfMatchETag, null))).Value;

        Assert.Equal(
            ["d2 DeviceAlreadyExists", "d3 DeviceNotFound", "d5 ArgumentNull", "d6 ArgumentNull"],
            errors.Select(error => $"{error.DeviceId} {error.Error.Name}"));
        Assert.Equal(key, (await hub.FindAsync("d1")).Value.PrimaryKey); // bulk keeps what it is not given
        Assert.True((await hub.FindAsync("d4/m1")).IsOk);
        Assert.Equal("ArgumentInvalid", (await hub.BulkAsync()).Error?.Name);
        Assert.Equal("DeviceDefinedMultipleTimes", (await hub.BulkAsync(("d7", ImportMode.Create, null), ("d7", ImportMode.Create, null))).Error?.Name);
        Assert.False((await hub.FindAsync("d7")).IsOk);
    }

    [Fact]
    public async Task Statistics_count_what_is_there()
    {
        await using var hub = await StartAsync();
        await hub.PutAsync("d1");
        await hub.PutAsync("d2", change: input => input with { Status = "disabled" });
        await hub.PutAsync("d1/m1");
        await hub.PutAsync("d3");
        await hub.DeleteAsync("d3", IfMatch.Any);

        Assert.Equal(new DeviceNumbers(2, 1, 1), (await hub.Get<RegistryStatistics>().ReadAsync(hub.Hub, Token)).Value);
        Assert.Equal(["d1", "d2"], (await hub.Registry.ListDevicesAsync(hub.Hub, null, Token)).Select(device => device.Key.Device.Value));
        Assert.Single(await hub.Registry.ListDevicesAsync(hub.Hub, 1, Token));
        Assert.Equal(2, (await hub.Registry.ListDevicesAsync(hub.Hub, 0, Token)).Count);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public async Task A_status_reason_has_at_most_128_characters(int length, bool isTaken)
    {
        await using var hub = await StartAsync();

        Assert.Equal(isTaken, (await hub.PutAsync("d1", change: input => input with { Status = "disabled", StatusReason = new string('ä', length) })).IsOk);
    }

    [Theory]
    [InlineData(15, false)]
    [InlineData(16, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public async Task A_given_key_has_16_to_64_bytes(int bytes, bool isTaken)
    {
        await using var hub = await StartAsync();
        var key = Convert.ToBase64String(new byte[bytes]);

        var result = await hub.PutAsync("d1", change: input => input with { Authentication = new AuthenticationInput { PrimaryKey = key, SecondaryKey = key } });

        Assert.Equal(isTaken, result.IsOk);
        Assert.True(!isTaken || (result.Value.PrimaryKey == key && result.Value.SecondaryKey == key));
    }

    private static IfMatch IfMatchOf(string condition, string? etag) => condition switch
    {
        "absent" => IfMatch.Absent,
        "any" => IfMatch.Any,
        "current" => IfMatch.Version(etag!),
        _ => IfMatch.Version("MTIz"),
    };
}
