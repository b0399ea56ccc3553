using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Provisioning.Tests;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class RevokeTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_certificate_is_rehearsed_revoked_listed_explained_and_taken_back()
    {
        using var certificate = TestCertificates.SelfSigned("CN=revoke-1", isAuthority: false);
        var file = Save("revoke-1.pem", certificate);
        var mark = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        await CliRun.OkAsync(server.On("device", "create", "revoke-1", "--certificate", file));
        using (var device = new TestDevice(server, "revoke-1"))
        {
            Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(null, certificate: certificate));
            var drill = (await CliRun.OkAsync(server.On("revoke", "certificate", file, "--drill"))).Output;
            Assert.Contains("would be revoked; nothing was changed.", drill, StringComparison.Ordinal);
            Assert.Contains("1 connected to this node by it: revoke-1.", drill, StringComparison.Ordinal);
            Assert.Contains("1 registered with it: revoke-1.", drill, StringComparison.Ordinal);

            var run = await CliRun.OkAsync(server.On("revoke", "certificate", file, "--reason", "certificateHold", "--note", "at the repair shop"));
            Assert.Contains("1 connected to this node by it, cut off: revoke-1.", run.Output, StringComparison.Ordinal);
            Assert.Contains($"gatehouse revoke undo {mark}", run.Errors, StringComparison.Ordinal);
        }

        using (var device = new TestDevice(server, "revoke-1"))
        {
            Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await device.TryConnectAsync(null, certificate: certificate));
        }

        var again = await CliRun.OkAsync(server.On("revoke", "certificate", mark, "--reason", "certificateHold"));
        Assert.Contains("was revoked already", again.Output, StringComparison.Ordinal);
        Assert.Contains("at the repair shop", (await CliRun.OkAsync(server.On("revoke", "list"))).Output, StringComparison.Ordinal);
        await ExplainedAsync("revoke-1", $"certificate {mark}", "(certificateHold, \"at the repair shop\")", "'gatehouse revoke undo'");

        await CliRun.OkAsync(server.On("revoke", "undo", mark.ToLowerInvariant()));
        using var last = new TestDevice(server, "revoke-1");
        Assert.Equal(MqttClientConnectResultCode.Success, await last.TryConnectAsync(null, certificate: certificate));
    }

    [Fact]
    public async Task What_is_final_is_taken_back_as_a_mistake_only()
    {
        using var authority = TestCertificates.SelfSigned("CN=Revoked plant", isAuthority: true);
        var issued = await CliRun.OkAsync(server.On("revoke", "issuer", Save("plant.pem", authority), "--reason", "caCompromise", "--json"));
        var mark = (string)issued.Json["revocation"]!["mark"]!;

        await CliRun.RefusedAsync(1, server.On("revoke", "undo", mark), "final");

        await CliRun.OkAsync(server.On("revoke", "undo", mark, "--mistake"));
        await CliRun.RefusedAsync(1, server.On("revoke", "undo", mark, "--mistake"), "no entry");
    }

    [Fact]
    public async Task Serial_numbers_and_keys_are_named_by_files_or_hashes()
    {
        using var authority = TestCertificates.SelfSigned("CN=Serial plant", isAuthority: true);
        using var leaf = TestCertificates.SignedBy(authority, "CN=serial-1");
        var bySerial = await CliRun.OkAsync(server.On("revoke", "certificate", "--issuer", Save("serial.pem", authority), "--serial", leaf.SerialNumber, "--json"));
        Assert.Equal(leaf.SerialNumber.TrimStart('0'), (string?)bySerial.Json["revocation"]!["serialNumber"]);
        var key = Convert.ToHexString(SHA256.HashData(leaf.PublicKey.ExportSubjectPublicKeyInfo()));
        var byFile = await CliRun.OkAsync(server.On("revoke", "key", Save("leaf.pem", leaf), "--json"));
        Assert.Equal(("key", key), ((string?)byFile.Json["revocation"]!["kind"], (string?)byFile.Json["revocation"]!["mark"]));
        Assert.False((bool)(await CliRun.OkAsync(server.On("revoke", "key", key, "--json"))).Json["isNew"]!);
    }

    [Fact]
    public async Task A_device_is_disabled_beside_its_relatives()
    {
        await CliRun.OkAsync(server.On("device", "create", "revoke-2"));

        Assert.Contains("would be disabled; it is not connected", (await CliRun.OkAsync(server.On("revoke", "device", "revoke-2", "--drill"))).Output, StringComparison.Ordinal);
        Assert.Equal("enabled", (string?)(await CliRun.OkAsync(server.On("device", "show", "revoke-2", "--json"))).Json["status"]);
        await CliRun.OkAsync(server.On("revoke", "device", "revoke-2", "--note", "stolen"));

        var shown = (await CliRun.OkAsync(server.On("device", "show", "revoke-2", "--json"))).Json;
        Assert.Equal(("disabled", "stolen"), ((string?)shown["status"], (string?)shown["statusReason"]));
        Assert.Contains("was disabled already", (await CliRun.OkAsync(server.On("revoke", "device", "revoke-2"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("revoke", "device", "revoke-none"), "DeviceNotFound");
    }

    [Fact]
    public async Task A_TPM_of_an_enrollment_is_revoked_and_another_kind_of_enrollment_has_none()
    {
        var key = SampleTpmKey.Endorsement();
        await CliRun.OkAsync(server.On("enrollment", "create", "revoke-3", "--endorsement-key", key));
        await CliRun.OkAsync(server.On("enrollment", "create", "revoke-4"));

        var drill = await CliRun.OkAsync(server.On("revoke", "tpm", "revoke-3", "--drill"));
        Assert.Contains("No device of this hub is registered by it.", drill.Output, StringComparison.Ordinal);
        var run = await CliRun.OkAsync(server.On("revoke", "tpm", "revoke-3", "--json"));

        Assert.Equal(("tpm", Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(key)))), ((string?)run.Json["revocation"]!["kind"], (string?)run.Json["revocation"]!["mark"]));
        await CliRun.RefusedAsync(1, server.On("revoke", "tpm", "revoke-4"), "not by a TPM");
    }

    [Fact]
    public async Task An_enrollment_group_is_rehearsed_and_revoked_with_every_device_that_came_through_it()
    {
        await CliRun.OkAsync(server.On("enrollment", "create", "revoke-g", "--group"));
        await CliRun.OkAsync(server.On("enrollment", "create", "revoke-h", "--group"));
        foreach (var (device, group) in new[] { ("revoke-g-1", "revoke-g"), ("revoke-g-2", "revoke-g"), ("revoke-g-3", "revoke-g"), ("revoke-h-1", "revoke-h") })
        {
            Assert.True(await TestRegistration.ByKeyAsync(server, device, await KeyAsync(device, group)));
            await TestRegistration.AssignedAsync(server, device);
        }

        await CliRun.OkAsync(server.On("device", "update", "revoke-g-2", "--status", "disabled"));
        await CliRun.OkAsync(server.On("device", "delete", "revoke-g-3"));
        using var session = new TestDevice(server, "revoke-g-1");
        Assert.Equal(MqttClientConnectResultCode.Success, await session.TryConnectAsync(await KeyAsync("revoke-g-1", "revoke-g")));

        var drill = (await CliRun.OkAsync(server.On("revoke", "group", "revoke-g", "--drill", "--json"))).Json;
        Assert.Equal((true, "revoke-g-1", "revoke-g-2", "revoke-g-3"), ((bool)drill["wasEnabled"]!, One(drill, "disabled"), One(drill, "disabledBefore"), One(drill, "inNoHub")));
        Assert.Equal("enabled", (string?)(await CliRun.OkAsync(server.On("device", "show", "revoke-g-1", "--json"))).Json["status"]);

        var run = await CliRun.OkAsync(server.On("revoke", "group", "revoke-g", "--note", "plant sold"));

        Assert.Contains("enrollment group 'revoke-g' is disabled: nobody registers through it.", run.Output, StringComparison.Ordinal);
        Assert.Matches("1 disabled, [01] of them connected: revoke-g-1\\.", run.Output);
        Assert.Contains("1 disabled before.", run.Output, StringComparison.Ordinal);
        var shown = (await CliRun.OkAsync(server.On("device", "show", "revoke-g-1", "--json"))).Json;
        Assert.Equal(("disabled", "plant sold"), ((string?)shown["status"], (string?)shown["statusReason"]));
        using (var again = new TestDevice(server, "revoke-g-1"))
        {
            Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await again.TryConnectAsync(await KeyAsync("revoke-g-1", "revoke-g")));
        }

        Assert.False(await TestRegistration.ByKeyAsync(server, "revoke-g-4", await KeyAsync("revoke-g-4", "revoke-g")));
        Assert.Equal("enabled", (string?)(await CliRun.OkAsync(server.On("device", "show", "revoke-h-1", "--json"))).Json["status"]);
        Assert.Contains("was disabled already", (await CliRun.OkAsync(server.On("revoke", "group", "revoke-g"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("revoke", "group", "revoke-none"), "EnrollmentNotFound");
        await CliRun.RefusedAsync(2, server.On("revoke", "group", "revoke-g", "--note", new string('x', 129)));

        static string One(System.Text.Json.Nodes.JsonNode answer, string name) => (string)Assert.Single(answer[name]!.AsArray())!;
    }

    [Theory]
    [InlineData("revoke certificate")]
    [InlineData("revoke certificate nowhere.pem")]
    [InlineData("revoke certificate --serial 12")]
    [InlineData("revoke certificate --issuer nowhere.pem")]
    [InlineData("revoke certificate nowhere.pem --reason because")]
    [InlineData("revoke key 12")]
    [InlineData("revoke list --max 0")]
    public async Task A_wrong_command_line_is_exit_code_two(string line) => await CliRun.RefusedAsync(2, server.On(line.Split(' ')));

    private async Task<string> KeyAsync(string device, string group) =>
        (await CliRun.OkAsync(server.On("enrollment", "compute-device-key", device, "--group-id", group, "--key-type", "primary"))).Output.TrimEnd();

    // Refusals are written in batches behind the doors' backs.
    private async Task ExplainedAsync(string device, params string[] words)
    {
        var output = "";
        for (var i = 0; i < 300; i++)
        {
            output = (await CliRun.OkAsync(server.On("why", device))).Output;
            if (words.All(word => output.Contains(word, StringComparison.Ordinal)))
            {
                return;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.All(words, word => Assert.Contains(word, output, StringComparison.Ordinal));
    }

    private string Save(string name, X509Certificate2 certificate)
    {
        var path = Path.Combine(folder.Path, name);
        File.WriteAllText(path, certificate.ExportCertificatePem());
        return path;
    }
}
