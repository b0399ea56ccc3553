using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Gatehouse.Contracts.Signals;
using Npgsql;
using Xunit;
using Xunit.Sdk;

namespace Gatehouse.Store.Suite;

/// <summary>A real PostgreSQL server of Debian's, on a port and in a folder of its own, with a password. One for the whole run; tests make databases on it.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    public const string Password = "s3cret-of-the-test";

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-postgres-").FullName;
    private readonly string binaries = FindBinaries();
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> templates = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<StandingDatabase>> idle = new();
    private Process? process;
    private int databases;

    public int Port { get; private set; } = ServerPort.Find();

    private string Data => Path.Combine(folder, "data");

    public async ValueTask InitializeAsync()
    {
        var passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, Password);
        if (Environment.IsPrivilegedProcess)
        {
            // initdb and postgres refuse to run as root.
            await RunAsync("chown", ["-R", "postgres:postgres", folder]);
        }

        await RunAsync(Path.Combine(binaries, "initdb"), ["-D", Data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile, "--no-sync", "-E", "UTF8", "--locale=C"], asPostgres: true);
        for (var attempt = 1; !await TryStartAsync(); attempt++)
        {
            Assert.True(attempt < 5, "PostgreSQL ended at once.");
            Port = ServerPort.Find();
        }
    }

    /// <summary>Starts on the same port and folder as before.</summary>
    public async Task StartAsync() => Assert.True(await TryStartAsync(), "PostgreSQL ended at once.");

    /// <summary>Ends all connections and stops.</summary>
    public async Task StopAsync()
    {
        // SIGINT is PostgreSQL's fast shutdown.
        await RunAsync("kill", ["-INT", process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>A new, empty database.</summary>
    public async Task<string> CreateDatabaseAsync() => UrlOf(await CreateAsync("template1"));

    /// <summary>A new database in which the scripts of these assemblies have run: they do so once, and the others are copies.</summary>
    public async Task<string> CreateDatabaseAsync(IReadOnlyList<Assembly> scripts) =>
        UrlOf(await CreateAsync(await templates.GetOrAdd(string.Join(' ', scripts), _ => new(() => CreateTemplateAsync(scripts))).Value));

    /// <summary>The same for one test, used before or new; a host opens it with its signals and its time, and gives it back with its services.</summary>
    public async Task<Func<ISignals, TimeProvider, Database>> LendAsync(IReadOnlyList<Assembly> scripts)
    {
        var bag = idle.GetOrAdd(string.Join(' ', scripts), _ => []);
        return (bag.TryTake(out var standing) ? standing : new StandingDatabase(await CreateDatabaseAsync(scripts), bag.Add)).Lend;
    }

    public string UrlOf(string database, string password = Password) => $"postgres://postgres:{Uri.EscapeDataString(password)}@127.0.0.1:{Port}/{database}";

    public async ValueTask DisposeAsync()
    {
        foreach (var standing in idle.Values.SelectMany(each => each))
        {
            await standing.DisposeAsync();
        }

        if (process is not null)
        {
            await StopAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<bool> TryStartAsync()
    {
        process = Start(
            Path.Combine(binaries, "postgres"),
            ["-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "autovacuum=off", "-c", "max_connections=600"],
            asPostgres: true);
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                _ = process.StandardError.ReadToEndAsync();
                return true;
            }
        }

        process.Dispose();
        process = null;
        return false;
    }

    private async Task<string> CreateTemplateAsync(IReadOnlyList<Assembly> scripts)
    {
        var name = await CreateAsync("template1");
        await using (var made = new StandingDatabase(UrlOf(name), _ => { }))
        {
            await made.Inner.MigrateAsync(scripts, CancellationToken.None);
            Assert.Null(await made.TouchedAsync()); // what a script puts there would have to be put back for each test
        }

        // No copy is made of what somebody is connected to.
        NpgsqlConnection.ClearAllPools();
        return name;
    }

    private async Task<string> CreateAsync(string template)
    {
        var name = $"test{Interlocked.Increment(ref databases)}";
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = Port, Username = "postgres", Password = Password, Database = "postgres", Pooling = false,
        }.ToString());
        await connection.OpenAsync();
#pragma warning disable CA2100 // Both names are ours.
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE {template}", connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
        return name;
    }

    private static async Task RunAsync(string program, string[] arguments, bool asPostgres = false)
    {
        using var child = Start(program, arguments, asPostgres);
        var errors = child.StandardError.ReadToEndAsync();
        await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        if (child.ExitCode != 0)
        {
            throw new XunitException($"{program} failed: {await errors}");
        }
    }

    private static Process Start(string program, string[] arguments, bool asPostgres)
    {
        string[] command = asPostgres && Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]
            : [program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        start.Environment["PGPASSWORD"] = Password;
        start.Environment["LC_ALL"] = "C";
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new XunitException($"{command[0]} is missing; install the Debian packages postgresql and util-linux.");
        }
    }

    private static string FindBinaries() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(Directory.Exists).Order().LastOrDefault() ?? Missing()
        : Missing();

    private static string Missing() => throw new XunitException("PostgreSQL is missing; install the Debian package postgresql.");
}
