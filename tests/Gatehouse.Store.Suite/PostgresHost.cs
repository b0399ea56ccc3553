using Gatehouse.Store.Postgres;

namespace Gatehouse.Store.Suite;

public sealed class PostgresHost(PostgresServer server) : StoreHost
{
    private string url = "";

    protected override async Task CreateAsync() => url = await server.CreateDatabaseAsync();

    protected override Database Connect() => new PostgresDatabase(new PostgresOptions { ConnectionString = url, MaxConnections = 10 }, Signals, Time);

    protected override ValueTask DropAsync() => ValueTask.CompletedTask;
}
