using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Refusals;
using Gatehouse.Contracts.Audit;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class WhyTests(RunningServer server)
{
    public static TheoryData<RefusalReason> Reasons => [.. Enum.GetValues<RefusalReason>()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void Every_reason_has_one_sentence_of_what_happened_and_one_of_what_to_do(RefusalReason reason)
    {
        var words = RefusalWords.Of(reason);

        Assert.NotNull(words);
        Assert.Matches(@"^[A-Z][^\n]{20,}\.$", words.What);
        Assert.Matches(@"^['A-Z][^\n]{20,}\.$", words.Next);
        var filled = RefusalWords.For(new JsonObject { ["reason"] = reason.ToString(), ["detail"] = "" }, "d1/m1");
        Assert.DoesNotContain('{', filled.What + filled.Next);
    }

    [Fact]
    public void A_reason_of_a_newer_server_still_makes_sense() =>
        Assert.Contains("MoonPhase", RefusalWords.For(new JsonObject { ["reason"] = "MoonPhase", ["detail"] = "" }, "d1").What, StringComparison.Ordinal);

    [Fact]
    public void A_refused_registration_is_told_from_a_refused_device()
    {
        var words = RefusalWords.For(new JsonObject { ["reason"] = nameof(RefusalReason.TokenSignatureWrong), ["detail"] = "", ["service"] = "dps" }, "d1");

        Assert.Contains("'dps'", words.What, StringComparison.Ordinal);
        Assert.Contains("'gatehouse enrollment show d1'", words.Next, StringComparison.Ordinal);
        Assert.DoesNotContain("gatehouse device", words.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void Sentences_name_commands_that_there_are()
    {
        var commands = CommandPage.Leaves(TestTree.Root).Select(page => page.Path).ToList();
        foreach (var reason in Enum.GetValues<RefusalReason>())
        {
            foreach (var part in RefusalWords.For(new JsonObject { ["reason"] = reason.ToString(), ["detail"] = "" }, "d1").Next.Split('\'').Where(part => part.StartsWith("gatehouse ", StringComparison.Ordinal)))
            {
                Assert.Contains(commands, command => part.StartsWith(command, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task A_wrong_key_and_an_expired_token_are_told_with_numbers_and_the_next_step()
    {
        await CliRun.OkAsync(server.On("device", "create", "why-1"));
        var key = (string)(await CliRun.OkAsync(server.On("device", "keys", "why-1", "--json"))).Json["primaryKey"]!;
        await ConnectAsync("why-1", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        await ConnectAsync("why-1", key, TimeSpan.FromHours(-2));

        var run = await CliRun.UntilRefusedAsync(server, "why-1", 2);
        var json = (await CliRun.OkAsync(server.On("why", "why-1", "--json"))).Json;

        Assert.Contains("TokenExpired  (mqtt from ", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"72\d\d s ago", run.Output);
        Assert.Contains("Next: Check the clock on the client", run.Output, StringComparison.Ordinal);
        Assert.Contains("Next: Give the client the string that 'gatehouse device connection-string why-1' prints.", run.Output, StringComparison.Ordinal);
        Assert.Contains("Now: 'why-1' is enabled, proves itself by sas, and has never been connected.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(key, run.Output, StringComparison.Ordinal);
        Assert.Equal(["TokenExpired", "TokenSignatureWrong"], json["refusals"]!.AsArray().Select(refusal => (string?)refusal!["reason"]));
        Assert.All(json["refusals"]!.AsArray(), refusal => Assert.True(((string?)refusal!["what"])!.Length > 0 && ((string?)refusal["next"])!.Length > 0));
    }

    [Fact]
    public async Task A_thumbprint_with_a_typing_mistake_is_told_as_such_and_the_right_one_is_offered()
    {
        using var certificate = TestCertificates.SelfSigned("CN=why-2");
        var right = Convert.ToHexString(SHA256.HashData(certificate.RawData));
        var wrong = (right[0] == 'A' ? 'B' : 'A') + right[1..];
        await CliRun.OkAsync(server.On("device", "create", "why-2", "--primary-thumbprint", wrong));
        using var device = new TestDevice(server, "why-2");
        Assert.NotEqual(MqttClientConnectResultCode.Success, await device.TryConnectAsync(null, certificate: certificate));

        var run = await CliRun.UntilRefusedAsync(server, "why-2", 1);

        Assert.Contains("It differs from the registered primaryThumbprint in 1 of 64 digits: probably a typing mistake.", run.Output, StringComparison.Ordinal);
        Assert.Contains($"'gatehouse device update why-2 --primary-thumbprint {right}'", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_and_disabled_devices_are_told_apart()
    {
        await ConnectAsync("why-3", Convert.ToBase64String(new byte[32]));
        await CliRun.OkAsync(server.On("device", "create", "why-4", "--status", "disabled", "--status-reason", "stolen"));
        await ConnectAsync("why-4", (string)(await CliRun.OkAsync(server.On("device", "keys", "why-4", "--json"))).Json["primaryKey"]!);

        var unknown = await CliRun.UntilRefusedAsync(server, "why-3", 1);
        var disabled = await CliRun.UntilRefusedAsync(server, "why-4", 1);

        Assert.Contains("Next: Register it with 'gatehouse device create why-3'", unknown.Output, StringComparison.Ordinal);
        Assert.Contains("Now: there is no device 'why-3'.", unknown.Output, StringComparison.Ordinal);
        Assert.Contains("Its proof was good.", disabled.Output, StringComparison.Ordinal);
        Assert.Contains("Now: 'why-4' is disabled (stolen)", disabled.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_refusals_it_says_so_and_how_the_device_stands()
    {
        using var device = await TestDevice.ConnectAsync(server, "why-5");
        await CliRun.OkAsync(server.On("module", "create", "why-5", "m"));

        var connected = await CliRun.OkAsync(server.On("why", "why-5"));
        var module = await CliRun.OkAsync(server.On("why", "why-5/m"));
        var nobody = await CliRun.OkAsync(server.On("why", "why-nobody"));

        Assert.Contains("has not been refused", connected.Output, StringComparison.Ordinal);
        Assert.Contains("is connected since 20", connected.Output, StringComparison.Ordinal);
        Assert.Contains("'why-5/m' is enabled, proves itself by sas, and has never been connected.", module.Output, StringComparison.Ordinal);
        Assert.Contains($"on port {server.Port("mqtt")}, and that it trusts the hub's root", module.Output, StringComparison.Ordinal);
        Assert.Contains("there is no device 'why-nobody'", nobody.Output, StringComparison.Ordinal);
    }

    private async Task ConnectAsync(string id, string key, TimeSpan? lifetime = null)
    {
        using var device = new TestDevice(server, id);
        Assert.NotEqual(MqttClientConnectResultCode.Success, await device.TryConnectAsync(key, lifetime));
    }
}
