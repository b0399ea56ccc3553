using System.Text.Json.Nodes;
using Gatehouse.Identity.Tests.Tpm;
using Gatehouse.Provisioning.Tests;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary><c>gatehouse attest tpm</c> on a TPM of its own, against a real server.</summary>
public sealed class AttestTpmTests(RunningServer server) : IDisposable
{
    private const string HubKey = "0x81000100";

    private readonly SoftwareTpm tpm = new();

    public void Dispose() => tpm.Dispose();

    [Theory]
    [InlineData("rsa")]
    [InlineData("ecc")]
    public async Task A_TPM_device_goes_from_nothing_to_its_hub_without_an_SDK(string algorithm)
    {
        var shown = (await CliRun.OkAsync("attest", "tpm", "show", "--json", "--algorithm", algorithm, "--tpm", tpm.Address)).Json;
        Assert.DoesNotContain("0x81", tpm.Run("tpm2_getcap", "handles-persistent"), StringComparison.Ordinal);
        var id = (string)shown["registrationId"]!;
        Assert.Matches("^[a-z2-7]{52}$", id);
        await CliRun.OkAsync(server.On("enrollment", "create", id, "--device-id", $"attested-{algorithm}", "--endorsement-key", (string)shown["endorsementKey"]!));

        var registered = (await RegisterAsync("--token", "--json", "--algorithm", algorithm)).Json;
        Assert.Equal((id, "localhost", $"attested-{algorithm}", HubKey), (Text(registered, "registrationId"), Text(registered, "assignedHub"), Text(registered, "deviceId"), Text(registered, "keyHandle")));
        using (var device = new TestDevice(server, $"attested-{algorithm}"))
        {
            Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectByAsync(Text(registered, "token")));
            await device.SendAsync("by tpm");
        }

        Assert.All(["0x81010001", "0x81000001", HubKey], handle => Assert.Contains(handle, tpm.Run("tpm2_getcap", "handles-persistent"), StringComparison.OrdinalIgnoreCase));
        Assert.Equal(shown.ToJsonString(), (await CliRun.OkAsync("attest", "tpm", "show", "--json", "--tpm", tpm.Address)).Json.ToJsonString());

        // Later, after a restart: the key lies in the TPM, and gives new tokens.
        var token = (await CliRun.OkAsync("attest", "tpm", "token", "--hub", "localhost", "--device-id", $"attested-{algorithm}", "--duration", "60", "--tpm", tpm.Address)).Output.Trim();
        using var again = new TestDevice(server, $"attested-{algorithm}");
        Assert.Equal(MqttClientConnectResultCode.Success, await again.TryConnectByAsync(token));
        Assert.NotEqual(Text(registered, "token"), token);
    }

    [Fact]
    public async Task Registering_again_takes_a_new_key_and_the_old_one_is_gone()
    {
        await EnrollAsync("attest-again");
        var first = (await RegisterAsync("--registration-id", "attest-again", "--token", "--json")).Json;
        var run = await RegisterAsync("--registration-id", "attest-again");
        Assert.Contains("attest-again", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("SharedAccessSignature", run.Output + run.Errors, StringComparison.Ordinal);
        Assert.Contains("gatehouse attest tpm token --hub localhost --device-id attest-again", run.Errors, StringComparison.Ordinal);

        using var device = new TestDevice(server, "attest-again");
        Assert.NotEqual(MqttClientConnectResultCode.Success, await device.TryConnectByAsync(Text(first, "token")));
        using var present = new TestDevice(server, "attest-again");
        var token = (await CliRun.OkAsync("attest", "tpm", "token", "--hub", "localhost", "--device-id", "attest-again", "--json", "--tpm", tpm.Address)).Json;
        Assert.Equal(MqttClientConnectResultCode.Success, await present.TryConnectByAsync(Text(token, "token")));

        // One key of each kind stays, and nothing loaded.
        Assert.DoesNotContain("0x80", tpm.Run("tpm2_getcap", "handles-transient"), StringComparison.Ordinal);
        Assert.DoesNotContain("0x", tpm.Run("tpm2_getcap", "handles-loaded-session"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TPM_that_is_not_the_enrolled_one_is_told_where_to_look_and_keeps_no_key()
    {
        await CliRun.OkAsync(server.On("enrollment", "create", "attest-other", "--endorsement-key", SampleTpmKey.Endorsement()));

        await CliRun.RefusedAsync(1, Register("--registration-id", "attest-other"), "refused 'attest-other'", "Unauthorized", "tracking id", "gatehouse why attest-other");
        await CliRun.RefusedAsync(1, Register("--registration-id", "attest-nobody"), "Unauthorized", "tracking id");

        Assert.DoesNotContain(HubKey, tpm.Run("tpm2_getcap", "handles-persistent"), StringComparison.OrdinalIgnoreCase);
        await CliRun.RefusedAsync(1, ["attest", "tpm", "token", "--hub", "localhost", "--device-id", "d", "--tpm", tpm.Address], "no key for a hub yet", "attest tpm register");
        Assert.Contains("EndorsementKeyMismatch", (await CliRun.UntilRefusedAsync(server, "attest-other", 1)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handle_that_something_else_uses_is_left_alone_until_it_is_given_up()
    {
        await EnrollAsync("attest-taken");
        tpm.Run("tpm2_createprimary", "-C", "o", "-c", "parent.ctx");
        tpm.Run("tpm2_create", "-C", "parent.ctx", "-G", "hmac", "-c", "other.ctx");
        tpm.Run("tpm2_evictcontrol", "-C", "o", "-c", "other.ctx", HubKey);
        var before = tpm.Run("tpm2_readpublic", "-c", HubKey);

        await CliRun.RefusedAsync(1, Register("--registration-id", "attest-taken"), HubKey, "--replace", "nothing was registered");
        await CliRun.RefusedAsync(1, ["attest", "tpm", "token", "--hub", "localhost", "--device-id", "d", "--tpm", tpm.Address], "something else uses this handle");
        Assert.Equal(before, tpm.Run("tpm2_readpublic", "-c", HubKey));
        await CliRun.RefusedAsync(1, server.On("enrollment", "registrations", "show", "attest-taken"), "RegistrationNotFound");

        Assert.Equal("attest-taken", Text((await RegisterAsync("--registration-id", "attest-taken", "--replace", "--json")).Json, "deviceId"));
    }

    [Fact]
    public async Task Keys_that_are_there_are_used_as_they_are()
    {
        // A template of the high range: it takes an empty password instead of the policy.
        tpm.Run("tpm2_createek", "-G", "ecc384", "-c", "ek.ctx", "-u", "ek.pub");
        tpm.Run("tpm2_evictcontrol", "-C", "o", "-c", "ek.ctx", "0x81010001");
        await EnrollAsync("attest-p384");

        Assert.Equal("attest-p384", Text((await RegisterAsync("--registration-id", "attest-p384", "--json")).Json, "deviceId"));
        Assert.Equal(Convert.ToBase64String(tpm.Read("ek.pub")), Text((await CliRun.OkAsync("attest", "tpm", "show", "--json", "--tpm", tpm.Address)).Json, "endorsementKey"));
    }

    [Fact]
    public async Task A_hierarchy_with_a_password_is_named()
    {
        await EnrollAsync("attest-owned");
        tpm.Run("tpm2_changeauth", "-c", "owner", "secret");

        await CliRun.RefusedAsync(1, Register("--registration-id", "attest-owned"), "TPM_RC_BAD_AUTH", "session 1", "password");
    }

    [Theory]
    [InlineData("rsa", "sha256")]
    [InlineData("ecc", "sha384")]
    public async Task A_boot_that_is_measured_is_quoted_and_one_that_changed_is_cut_off_until_it_is_as_before(string algorithm, string bank)
    {
        const string Registers = "0,1,2,3,4,5,6,7,8,16,23"; // more than one answer of a TPM holds
        var id = $"measured-{algorithm}";
        await EnrollAsync(id, algorithm, "--measured-boot", $"{bank}:{Registers}", "--reattest-every", "3600");

        var first = (await RegisterAsync("--registration-id", id, "--algorithm", algorithm, "--token", "--json")).Json;
        var enrolled = (await CliRun.OkAsync(server.On("enrollment", "show", id, "--json"))).Json;
        Assert.Equal(Values(bank, Registers), enrolled["measuredBootPolicy"]!["values"]!.AsObject().Select(each => $"{each.Key}: {each.Value}"));
        Assert.Equal((string)enrolled["registrationState"]!["measuredBoot"]!["attestBy"]!, Text(first, "attestBy"));

        tpm.Run("tpm2_pcrextend", $"16:{bank}={new string('a', bank == "sha256" ? 64 : 96)}");
        await CliRun.RefusedAsync(1, Register("--registration-id", id, "--algorithm", algorithm), "Unauthorized", "a boot that changed", $"gatehouse why {id}");
        var why = (await CliRun.UntilRefusedAsync(server, id, 1)).Output;
        Assert.Contains("BootStateChanged", why, StringComparison.Ordinal);
        Assert.Contains("PCR 16 is ", why, StringComparison.Ordinal);
        Assert.Contains($"gatehouse enrollment update {id} --measured-boot PCRS", why, StringComparison.Ordinal);
        Assert.Equal("disabled", Text((await CliRun.OkAsync(server.On("device", "show", id, "--json"))).Json, "status"));
        using (var cut = new TestDevice(server, id))
        {
            Assert.NotEqual(MqttClientConnectResultCode.Success, await cut.TryConnectByAsync(Text(first, "token")));
        }

        tpm.Run("tpm2_pcrreset", "16");
        var returned = await RegisterAsync("--registration-id", id, "--algorithm", algorithm, "--token");
        Assert.Contains("attest again by", returned.Output, StringComparison.Ordinal);
        using var device = new TestDevice(server, id);
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectByAsync(returned.Output[returned.Output.IndexOf("SharedAccessSignature", StringComparison.Ordinal)..].Trim()));
        Assert.DoesNotContain("0x80", tpm.Run("tpm2_getcap", "handles-transient"), StringComparison.Ordinal);
        Assert.DoesNotContain("0x", tpm.Run("tpm2_getcap", "handles-loaded-session"), StringComparison.Ordinal);
    }

    private async Task EnrollAsync(string id, string algorithm = "rsa", params IEnumerable<string> more)
    {
        var shown = (await CliRun.OkAsync("attest", "tpm", "show", "--json", "--algorithm", algorithm, "--tpm", tpm.Address)).Json;
        await CliRun.OkAsync(server.On(["enrollment", "create", id, "--endorsement-key", (string)shown["endorsementKey"]!, .. more]));
    }

    private IEnumerable<string> Values(string bank, string registers) => tpm.Run("tpm2_pcrread", $"{bank}:{registers}").Split('\n')
        .Select(line => line.Split(": 0x"))
        .Where(parts => parts.Length == 2)
        .Select(parts => $"{parts[0].Trim()}: {parts[1].Trim().ToLowerInvariant()}");

    // No --data: what a device has is a name, a scope and a root.
    private string[] Register(params IEnumerable<string> more) =>
    [
        "attest", "tpm", "register", "--host", $"localhost:{server.Port("https")}", "--id-scope", server.Connection.GetProperty("dps").GetProperty("idScope").GetString()!,
        "--ca-file", server.Connection.GetProperty("caFile").GetString()!, "--tpm", tpm.Address, .. more,
    ];

    private Task<CliRun> RegisterAsync(params IEnumerable<string> more) => CliRun.OkAsync(Register(more));

    private static string Text(JsonNode json, string name) => (string)json[name]!;
}
