using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Postgres;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>Reaching the server: addresses, passwords, and a server that goes and comes.</summary>
public sealed class PostgresDatabaseTests(PostgresServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a wrong password", "password authentication failed")]
    [InlineData("an unknown database", "does not exist")]
    [InlineData("a closed port", "cannot be reached")]
    [InlineData("an unknown host", "cannot be reached")]
    public async Task A_server_that_does_not_let_us_in_is_one_line_without_the_password(string what, string expected)
    {
        const string wrong = "hunter2-wrong";
        var url = what switch
        {
            "a wrong password" => server.UrlOf("postgres", wrong),
            "an unknown database" => server.UrlOf("nowhere"),
            "a closed port" => $"postgres://postgres:{wrong}@127.0.0.1:1/postgres",
            _ => $"postgres://postgres:{wrong}@does-not-exist.invalid/postgres",
        };
        await using var database = Open(url);

        var refused = await Assert.ThrowsAsync<StoreException>(() => database.MigrateAsync(StoreHost.Scripts, Token));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.DoesNotContain(wrong, refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Password, refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://user:hunter2@host:port/db")]
    [InlineData("postgres://user:hunter2@host/db?sslmode=perhaps")]
    [InlineData("postgres://user:hunter2@host/db?hunter2=1")]
    [InlineData("Host=host;Password=hunter2;Nonsense=1")]
    [InlineData("postgres://")]
    [InlineData("postgres:///db")]
    [InlineData("Username=u;Password=hunter2")]
    [InlineData("postgres://user:hunter2@")]
    [InlineData("hunter2")]
    public void An_address_that_is_not_understood_is_one_line_that_does_not_repeat_it(string url)
    {
        var refused = Assert.Throws<StoreException>(() => Open(url));

        Assert.Contains("--store", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void The_options_do_not_show_the_address() =>
        Assert.DoesNotContain("hunter2", new PostgresOptions { ConnectionString = "postgres://u:hunter2@h/d" }.ToString(), StringComparison.Ordinal);

    [Fact]
    public async Task Every_way_to_write_the_address_is_understood()
    {
        string[] addresses =
        [
            server.UrlOf("postgres"),
            server.UrlOf("postgres").Replace("postgres://", "postgresql://", StringComparison.Ordinal),
            server.UrlOf("postgres") + "?sslmode=prefer&Timeout=5",
            $"Host=127.0.0.1;Port={server.Port};Database=postgres;Username=postgres;Password={PostgresServer.Password}",
        ];
        foreach (var address in addresses)
        {
            await using var database = Open(address);

            Assert.Equal(1, await OneAsync(database));
        }
    }

    [Fact]
    public async Task A_server_that_restarts_is_found_again_without_a_restart_of_ours()
    {
        await using var own = new PostgresServer();
        await own.InitializeAsync();
        await using var database = Open(await own.CreateDatabaseAsync());
        await database.MigrateAsync(StoreHost.Scripts, Token);

        // Many connections in the pool, all of which the restart kills.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.ReadAsync(
            async (_, token) =>
            {
                await Task.Delay(200, token);
                return 1;
            },
            Token)));
        await own.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => OneAsync(database));
        await Assert.ThrowsAsync<StoreException>(() => OneAsync(database));
        await own.StartAsync();

        Assert.Equal(1, await OneAsync(database));
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.WriteAsync((_, _) => Task.FromResult<Result<int>>(1), Token))), result => Assert.True(result.IsOk));
    }

    [Fact]
    public async Task A_restart_between_two_calls_fails_at_most_one_of_them()
    {
        await using var own = new PostgresServer();
        await own.InitializeAsync();
        await using var database = Open(await own.CreateDatabaseAsync());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.ReadAsync(
            async (_, token) =>
            {
                await Task.Delay(200, token);
                return 1;
            },
            Token)));
        await own.StopAsync();
        await own.StartAsync();

        var failures = 0;
        for (var i = 0; i < 8; i++)
        {
            failures += await Record.ExceptionAsync(() => OneAsync(database)) is null ? 0 : 1;
        }

        Assert.InRange(failures, 0, 1);
    }

    private static PostgresDatabase Open(string url) => new(new PostgresOptions { ConnectionString = url, MaxConnections = 10 }, new RecordingSignals(), TimeProvider.System);

    private static Task<long> OneAsync(PostgresDatabase database) => database.ReadAsync(
        (connection, token) => Dapper.SqlMapper.ExecuteScalarAsync<long>(connection, new Dapper.CommandDefinition("SELECT 1", cancellationToken: token)), Token);
}
