using Gatehouse.Contracts.Errors;
using Gatehouse.Store.Sqlite;
using Xunit;

namespace Gatehouse.Store.Suite;

/// <summary>The file: whose it is, and what happens when it cannot be used.</summary>
public sealed class SqliteDatabaseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_file_and_its_journals_are_for_the_owner_only()
    {
        await using var host = new SqliteHost();
        await host.StartAsync();
        await host.RecordAsync("d1");

        var files = Directory.GetFiles(Path.GetDirectoryName(host.File)!);

        Assert.True(files.Length >= 2);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(file).UnixFileMode));
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_one_line()
    {
        await using var database = Open("/does/not/exist/store.db");

        AssertOneLine(await Assert.ThrowsAsync<StoreException>(() => database.MigrateAsync(StoreHost.Scripts, Token)), "/does/not/exist/store.db");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_one_line_and_stays_as_it_is()
    {
        await using var host = new SqliteHost();
        var garbage = new byte[8192];
        Random.Shared.NextBytes(garbage);
        await File.WriteAllBytesAsync(host.File, garbage, Token);
        await using var database = Open(host.File);

        AssertOneLine(await Assert.ThrowsAsync<StoreException>(() => database.MigrateAsync(StoreHost.Scripts, Token)), host.File);

        Assert.Equal(garbage, await File.ReadAllBytesAsync(host.File, Token));
    }

    [Fact]
    public async Task A_commit_survives_a_copy_of_the_files_taken_right_after_it()
    {
        await using var host = new SqliteHost();
        await host.StartAsync();
        await host.RecordAsync("d1");
        await using var copy = new SqliteHost();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(host.File)!).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
        {
            // What a power cut leaves: database and write-ahead log, nothing closed.
            File.Copy(file, Path.Combine(Path.GetDirectoryName(copy.File)!, Path.GetFileName(file)));
        }

        await copy.StartAsync();

        Assert.Equal(1, await copy.CountAsync("audit_log"));
    }

    [Fact]
    public async Task Disposing_twice_does_no_harm()
    {
        await using var host = new SqliteHost();
        await host.StartAsync();
        Assert.True((await host.Database.WriteAsync((_, _) => Task.FromResult<Result<int>>(1), Token)).IsOk);

        await host.Database.DisposeAsync();
    }

    private static void AssertOneLine(StoreException refused, string names)
    {
        Assert.Contains(names, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private static SqliteDatabase Open(string path) => new(new SqliteOptions { Path = path }, new RecordingSignals(), TimeProvider.System);
}
