using Gatehouse.Store.Sqlite;

namespace Gatehouse.Store.Suite;

public sealed class SqliteHost : StoreHost
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-store-").FullName;

    internal string File => Path.Combine(folder, "store.db");

    protected override Task CreateAsync() => Task.CompletedTask;

    protected override Database Connect() => new SqliteDatabase(new SqliteOptions { Path = File }, Signals, Time);

    protected override ValueTask DropAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
