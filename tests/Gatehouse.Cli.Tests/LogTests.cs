using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary><c>gatehouse log</c> against real servers: what is genuine verifies, and what was forked, shortened or altered is told in one line.</summary>
public sealed class LogTests : IAsyncLifetime
{
    private readonly RunningServer server = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string State => Path.Combine(folder.Path, "state.json");

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_log_verifies_is_pinned_and_continued_and_proves_what_was_made()
    {
        var authority = await AuthorityAsync("log-1");
        Assert.Contains("give --state", (await CliRun.OkAsync(server.On("log", "verify"))).Output, StringComparison.Ordinal);
        Assert.Contains("pinned", (await CliRun.OkAsync(server.On("log", "verify", "--state", State))).Output, StringComparison.Ordinal);

        await AuthorityAsync("log-2");
        Assert.Contains("it continues the", (await CliRun.OkAsync(server.On("log", "verify", "--state", State, "--quick"))).Output, StringComparison.Ordinal);
        await AuthorityAsync("log-3");
        var verified = (await CliRun.OkAsync(server.On("log", "verify", "--state", State, "--json"))).Json;
        Assert.True((long)verified["size"]! > (long)verified["seenBefore"]!);

        Assert.Contains("credentialpolicy.create of log-1", (await CliRun.OkAsync(server.On("log", "prove", authority, "--state", State))).Output, StringComparison.Ordinal);
        var actions = (await CliRun.OkAsync(server.On("log", "list", "--max", "1000", "--json"))).Json.AsArray().Select(entry => (string)entry!["action"]!).ToList();
        Assert.Equal(3, actions.Count(action => action == "credentialpolicy.create"));
        Assert.Contains("note: there are more: --from 1", (await CliRun.OkAsync(server.On("log", "list", "--max", "1"))).Errors, StringComparison.Ordinal);
        Assert.StartsWith((string)verified["origin"]! + "\n", (await CliRun.OkAsync(server.On("log", "checkpoint"))).Output, StringComparison.Ordinal);

        using var foreign = TestCertificates.SelfSigned("CN=log-foreign", isAuthority: true);
        await CliRun.RefusedAsync(1, server.On("log", "prove", await FileAsync(foreign.ExportCertificatePem())), "CN=log-foreign");
        await CliRun.RefusedAsync(2, server.On("log", "prove", await FileAsync("none")), "PEM");
        await CliRun.RefusedAsync(2, server.On("log", "verify", "--state", await FileAsync("{}")), "state");
        await CliRun.RefusedAsync(2, server.On("log", "list", "--max", "0"), "--max");
        await CliRun.RefusedAsync(1, server.On("log", "begin-anew"), "no reason");
    }

    [Fact]
    public async Task The_server_s_root_and_certificate_are_in_the_log()
    {
        var roots = await FileAsync((await CliRun.OkAsync(server.On("certificate", "server", "roots"))).Output);
        var end = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var run = await CliRun.EndAsync(server.On("log", "prove", roots));
            if (await run.Ending == 0)
            {
                Assert.Contains("serverCertificate.shown", run.Output, StringComparison.Ordinal);
                return;
            }

            Assert.True(DateTime.UtcNow < end, run.Errors);
            await Task.Delay(200, Token);
        }
    }

    [Fact]
    public async Task A_log_that_went_back_to_a_copy_is_shortened_and_then_forked()
    {
        await AuthorityAsync("log-1");
        await CliRun.OkAsync(server.On("log", "verify"));
        await server.Child.KillAsync();
        var copy = Path.Combine(folder.Path, "copy");
        Copy(server.Data, copy);
        await server.StartAsync();
        for (var i = 2; i < 6; i++)
        {
            await AuthorityAsync($"log-{i}");
        }

        await CliRun.OkAsync(server.On("log", "verify", "--state", State));
        await server.Child.KillAsync();
        Directory.Delete(server.Data, recursive: true);
        Copy(copy, server.Data);
        await server.StartAsync();

        await CliRun.RefusedAsync(1, server.On("log", "verify", "--state", State), "shortened");
        for (var i = 6; i < 16; i++)
        {
            await AuthorityAsync($"log-{i}");
        }

        await CliRun.RefusedAsync(1, server.On("log", "verify", "--state", State), "forked");
        await CliRun.RefusedAsync(1, server.On("log", "verify", "--state", State, "--quick"), "forked");
        await CliRun.OkAsync(server.On("log", "verify"));
    }

    [Fact]
    public async Task What_somebody_wrote_into_the_database_is_found_and_another_log_is_begun()
    {
        await AuthorityAsync("log-1");
        await CliRun.OkAsync(server.On("log", "verify", "--state", State));
        await TamperAsync("UPDATE trust_log_entries SET entry = CAST(REPLACE(CAST(entry AS TEXT), 'policy', 'pol1cy') AS BLOB) WHERE position = 1");
        await CliRun.RefusedAsync(1, server.On("log", "verify", "--state", State), "entry 1 was altered");

        await server.Child.KillAsync();
        await server.StartAsync();
        var end = DateTime.UtcNow.AddSeconds(60);
        while (!(await server.AskOperationsAsync("/health/ready")).Body.Contains("trust log", StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < end);
            await Task.Delay(50, Token);
        }

        Assert.Contains("not those that were signed", (await CliRun.OkAsync(server.On("log", "checkpoint"))).Errors, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("log", "begin-anew"));
        await CliRun.RefusedAsync(1, server.On("log", "verify", "--state", State), "begun anew");
        await CliRun.OkAsync(server.On("log", "verify"));
        Assert.Equal("ready\n", (await server.AskOperationsAsync("/health/ready")).Body);
    }

    [Fact]
    public async Task A_change_of_the_key_is_followed_by_who_has_pinned_the_old_one()
    {
        await CliRun.OkAsync(server.On("log", "verify", "--state", State));
        var before = (string)JsonNode.Parse(await File.ReadAllTextAsync(State, Token))!["verifierKey"]!;
        var quick = Path.Combine(folder.Path, "quick.json");
        File.Copy(State, quick);

        await CliRun.OkAsync(server.On("log", "change-key", "file:next-log"));
        await AuthorityAsync("log-1");
        var end = DateTime.UtcNow.AddSeconds(60);
        while (!(bool)(await CliRun.OkAsync(server.On("log", "checkpoint", "--json"))).Json["keys"]![1]!["isSigning"]!)
        {
            Assert.True(DateTime.UtcNow < end);
            await Task.Delay(50, Token);
        }

        await AuthorityAsync("log-2");
        await CliRun.OkAsync(server.On("log", "verify", "--state", State));
        await CliRun.OkAsync(server.On("log", "verify", "--state", quick, "--quick"));
        Assert.NotEqual(before, (string)JsonNode.Parse(await File.ReadAllTextAsync(State, Token))!["verifierKey"]!);
        await CliRun.RefusedAsync(1, server.On("log", "change-key", "file:next-log"), "signed by the key");
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(Path.GetDirectoryName(target)!) : Directory.CreateDirectory(Path.GetDirectoryName(target)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Copy(file, target);
        }
    }

    private async Task TamperAsync(string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(server.Data, "store.db"), Pooling = false, DefaultTimeout = 60 }.ToString());
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A literal of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Token));
    }

    /// <summary>Makes a CA and returns the file with its certificate.</summary>
    private async Task<string> AuthorityAsync(string policy)
    {
        await CliRun.OkAsync(server.On("enrollment", "policy", "create", policy));
        return await FileAsync((await CliRun.OkAsync(server.On("enrollment", "policy", "show", policy, "--pem"))).Output);
    }

    private async Task<string> FileAsync(string content)
    {
        var path = Path.Combine(folder.Path, Path.GetRandomFileName());
        await File.WriteAllTextAsync(path, content, Token);
        return path;
    }
}
