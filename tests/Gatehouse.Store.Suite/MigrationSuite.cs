using Dapper;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Schema scripts: once, in order, all or nothing, one server at a time, never backwards.</summary>
public abstract class MigrationSuite(StoreHost host) : StoreSuite(host)
{
    public override async ValueTask InitializeAsync() => await Host.StartAsync(migrate: false);

    [Fact]
    public async Task A_second_run_changes_nothing()
    {
        await Database.MigrateAsync(StoreHost.Scripts, Token);
        await Host.RecordAsync("d1");
        var journalled = await Host.CountAsync("SchemaVersions");

        await Database.MigrateAsync(StoreHost.Scripts, Token);
        await Host.Open().MigrateAsync(StoreHost.Scripts, Token);

        Assert.True(journalled >= 1);
        Assert.Equal(journalled, await Host.CountAsync("SchemaVersions"));
        Assert.Equal(1, await Host.CountAsync("audit_log"));
    }

    [Fact]
    public async Task Servers_that_start_at_once_run_each_script_once()
    {
        var servers = Enumerable.Range(0, 6).Select(_ => Host.Open()).ToList();

        await Task.WhenAll(servers.Select(server => Task.Run(() => server.MigrateAsync(StoreHost.Scripts, Token), Token)));

        Assert.Equal(await Host.CountAsync("(SELECT DISTINCT ScriptName FROM SchemaVersions) AS names"), await Host.CountAsync("SchemaVersions"));
        Assert.True((await Host.RecordAsync("d1")).IsOk);
    }

    [Fact]
    public async Task A_store_that_a_newer_version_has_used_is_refused_by_name_and_left_alone()
    {
        await Database.MigrateAsync(StoreHost.Scripts, Token);
        await Host.TamperAsync("INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('Gatehouse.Hub/0042-twins.sql', CURRENT_TIMESTAMP)");
        var journalled = await Host.CountAsync("SchemaVersions");

        var refused = await Assert.ThrowsAsync<StoreException>(() => Host.Open().MigrateAsync(StoreHost.Scripts, Token));

        Assert.Contains("newer version of Gatehouse", refused.Message, StringComparison.Ordinal);
        Assert.Contains("0042-twins.sql", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal(journalled, await Host.CountAsync("SchemaVersions"));
    }

    [Fact]
    public async Task A_script_that_fails_is_named_and_nothing_of_the_run_stays()
    {
        await Database.MigrateAsync(StoreHost.Scripts, Token);
        var journalled = await Host.CountAsync("SchemaVersions");

        var failed = await Assert.ThrowsAsync<StoreException>(() => Database.MigrateAsync([.. StoreHost.Scripts, typeof(MigrationSuite).Assembly], Token));

        Assert.Contains("9002-broken.sql", failed.Message, StringComparison.Ordinal);
        Assert.Equal(journalled, await Host.CountAsync("SchemaVersions"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => Host.CountAsync("half_way"));
        Assert.True((await Host.RecordAsync("d1")).IsOk);
    }

    [Fact]
    public async Task The_lock_is_given_back_after_a_failure()
    {
        await Assert.ThrowsAsync<StoreException>(() => Database.MigrateAsync([.. StoreHost.Scripts, typeof(MigrationSuite).Assembly], Token));

        await Host.Open().MigrateAsync(StoreHost.Scripts, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);

        Assert.Equal(0, await Database.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM audit_log"), Token));
    }
}
