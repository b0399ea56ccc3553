using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class StrictTests(RunningServer server)
{
    [Fact]
    public async Task Modes_are_rehearsed_turned_on_shown_and_turned_off()
    {
        // A year: others use the same server meanwhile, and nobody's token is longer.
        const string Year = "31536000";
        var drill = await CliRun.OkAsync(server.On("strict", "set", "--max-token-lifetime", Year, "--drill"));
        Assert.Contains("This would be in force; nothing was changed.", drill.Output, StringComparison.Ordinal);
        Assert.Contains("of any lifetime", (await CliRun.OkAsync(server.On("strict", "show"))).Output, StringComparison.Ordinal);
        var etag = (string)(await CliRun.OkAsync(server.On("strict", "show", "--json"))).Json["etag"]!;

        var done = (await CliRun.OkAsync(server.On("strict", "set", "--max-token-lifetime", Year, "--etag", etag, "--json"))).Json;

        Assert.Equal((31_536_000L, "any", true), ((long)done["strictness"]!["maxTokenLifetimeSeconds"]!, (string)done["strictness"]!["deviceAuthentication"]!, (bool)done["isChanged"]!));
        Assert.Contains($"end within {Year} s", (await CliRun.OkAsync(server.On("strict", "show"))).Output, StringComparison.Ordinal);
        Assert.Contains("It is so already", (await CliRun.OkAsync(server.On("strict", "set", "--max-token-lifetime", Year))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("strict", "set", "--devices", "any", "--etag", etag), "precondition");
        Assert.Contains("In force", (await CliRun.OkAsync(server.On("strict", "set", "--max-token-lifetime", "none"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drill_of_certificates_only_names_who_is_registered_with_keys()
    {
        await CliRun.OkAsync(server.On("device", "create", "0-strict-drill"));

        var drill = await CliRun.OkAsync(server.On("strict", "set", "--devices", "x509", "--drill"));

        Assert.Contains("0-strict-drill", drill.Output, StringComparison.Ordinal);
        Assert.Contains("certificates only", drill.Output, StringComparison.Ordinal);
        Assert.Equal("any", (string?)(await CliRun.OkAsync(server.On("strict", "show", "--json"))).Json["deviceAuthentication"]);
        await CliRun.OkAsync(server.On("device", "delete", "0-strict-drill"));
    }

    [Fact]
    public async Task A_drill_of_own_tokens_says_what_would_be_in_force()
    {
        var drill = await CliRun.OkAsync(server.On("strict", "set", "--device-tokens", "own", "--drill"));

        Assert.Contains("of their own keys, also for a part", drill.Output, StringComparison.Ordinal);
        Assert.Contains("of their own keys or of policies", (await CliRun.OkAsync(server.On("strict", "show"))).Output, StringComparison.Ordinal);
        Assert.Equal("any", (string?)(await CliRun.OkAsync(server.On("strict", "show", "--json"))).Json["deviceTokens"]);
    }

    [Fact]
    public async Task A_drill_of_derived_keys_names_who_has_stored_ones_and_leaves_them()
    {
        await CliRun.OkAsync(server.On("device", "create", "0-derived-drill"));

        var drill = await CliRun.OkAsync(server.On("strict", "set", "--device-keys", "derived", "--drill"));

        Assert.Contains("are stored, and stay good until a plan", drill.Output, StringComparison.Ordinal);
        Assert.Contains("0-derived-drill", drill.Output, StringComparison.Ordinal);
        Assert.Contains("derived; stored still, until they are regenerated: those of ", drill.Output, StringComparison.Ordinal);
        Assert.Contains("stored, sealed", (await CliRun.OkAsync(server.On("strict", "show"))).Output, StringComparison.Ordinal);
        Assert.Equal("stored", (string?)(await CliRun.OkAsync(server.On("strict", "show", "--json"))).Json["deviceKeys"]);
        await CliRun.RefusedAsync(2, server.On("strict", "set", "--device-keys", "none"), "derived");
        await CliRun.OkAsync(server.On("device", "delete", "0-derived-drill"));
    }

    [Fact]
    public async Task What_cannot_be_meant_is_said()
    {
        await CliRun.RefusedAsync(2, server.On("strict", "set"), "nothing is named to change");
        await CliRun.RefusedAsync(2, server.On("strict", "set", "--max-token-lifetime", "1h"), "a number of seconds, or none");
        await CliRun.RefusedAsync(1, server.On("strict", "set", "--max-token-lifetime", "599"), "600 to 31536000");
    }
}
