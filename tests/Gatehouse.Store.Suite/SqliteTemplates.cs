using System.Collections.Concurrent;
using System.Reflection;
using Gatehouse.Store.Sqlite;

namespace Gatehouse.Store.Suite;

/// <summary>Store files in which the scripts of some assemblies have run: they do so once, and the others are copies.</summary>
public static class SqliteTemplates
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> Made = new();

    public static async Task CopyAsync(string file, IReadOnlyList<Assembly> scripts)
    {
        await File.WriteAllBytesAsync(file, await Made.GetOrAdd(string.Join(' ', scripts), _ => new(() => MakeAsync(scripts))).Value);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static async Task<byte[]> MakeAsync(IReadOnlyList<Assembly> scripts)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-store-").FullName;
        var file = Path.Combine(folder, "store.db");
        await using (var database = new SqliteDatabase(new SqliteOptions { Path = file }, new RecordingSignals(), TimeProvider.System))
        {
            await database.MigrateAsync(scripts, CancellationToken.None);
        }

        var bytes = await File.ReadAllBytesAsync(file);
        Directory.Delete(folder, recursive: true);
        return bytes;
    }
}
