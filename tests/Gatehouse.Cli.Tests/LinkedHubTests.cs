using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class LinkedHubTests(RunningServer server) : IDisposable
{
    private const string Key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_hub_on_another_server_is_linked_shown_changed_and_unlinked_and_its_key_is_never_printed()
    {
        var made = await CliRun.EndAsync(
            server.On("dps", "linked-hub", "create", "cli-far.example", "--connection-string-from", "-", "--allocation-weight", "3", "--apply-allocation-policy", "false", "--location", "west"),
            $"HostName=cli-far.example:8443;SharedAccessKeyName=dps;SharedAccessKey={Key}\n");
        Assert.Equal(0, await made.Ending);
        Assert.Contains("hub 'cli-far.example' linked: only enrollments that name it use it", made.Output, StringComparison.Ordinal);

        var list = await CliRun.OkAsync(server.On("dps", "linked-hub", "list"));
        Assert.Matches(@"(?m)^cli-far\.example +3 +who names it +HostName=cli-far\.example:8443;SharedAccessKeyName=dps;SharedAccessKey=\*\*\*\* +west$", list.Output);
        Assert.Matches("(?m)^localhost +1 +all +this server", list.Output);
        await CliRun.OkAsync(server.On("dps", "linked-hub", "update", "cli-far.example", "--allocation-weight", "5"));
        var shown = await CliRun.OkAsync(server.On("dps", "linked-hub", "show", "cli-far.example", "--json"));
        Assert.Equal((5, "west"), ((int)shown.Json["allocationWeight"]!, (string)shown.Json["location"]!));
        Assert.DoesNotContain(Key, made.Output + list.Output + shown.Output, StringComparison.Ordinal);

        await CliRun.RefusedAsync(1, server.On("dps", "linked-hub", "create", "cli-far.example", "--location", "east"), "is linked already");
        await CliRun.RefusedAsync(2, server.On("dps", "linked-hub", "update", "cli-far.example"), "nothing is named");
        await CliRun.RefusedAsync(1, server.On("dps", "linked-hub", "delete", "cli-far.example", "--etag", "stale"), "PreconditionFailed");
        await CliRun.OkAsync(server.On("dps", "linked-hub", "delete", "cli-far.example"));
        await CliRun.RefusedAsync(1, server.On("dps", "linked-hub", "show", "cli-far.example"), "LinkedHubNotFound", "linked-hub list");
    }

    [Fact]
    public async Task A_hub_that_enrollments_name_is_unlinked_by_force_only()
    {
        var file = Path.Combine(folder.Path, "far.txt");
        await File.WriteAllTextAsync(file, $"HostName=cli-far2.example;SharedAccessKeyName=dps;SharedAccessKey={Key}\n", TestContext.Current.CancellationToken);
        await CliRun.OkAsync(server.On("dps", "linked-hub", "create", "cli-far2.example", "--connection-string-from", file, "--apply", "false"));
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-far2-e", "--iot-hubs", "cli-far2.example"));

        await CliRun.RefusedAsync(1, server.On("dps", "linked-hub", "delete", "cli-far2.example"), "LinkedHubConflict", "cli-far2-e");
        await CliRun.OkAsync(server.On("dps", "linked-hub", "delete", "cli-far2.example", "--force"));
        await CliRun.OkAsync(server.On("enrollment", "delete", "cli-far2-e"));
        await CliRun.RefusedAsync(1, server.On("dps", "linked-hub", "create", "cli-far2.example"), "No hub of this server");
    }
}
