using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Cli.Connecting;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>Keys and certificates changed without a gap, by devices that register, and their records.</summary>
public sealed class EnrollmentRollTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_key_is_rolled_in_two_steps_and_the_old_one_opens_nothing_more()
    {
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r1"));
        var (first, _) = await KeysAsync("cli-r1");
        await RegisterAsync("cli-r1", first);

        await CliRun.RefusedAsync(2, server.On("enrollment", "roll", "cli-r1", "--finish"), "--etag", "None begun: gatehouse enrollment roll cli-r1");
        var begun = await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r1"));
        Assert.Equal("enrollment 'cli-r1': the secondary key is new; the primary one is still good.\n", begun.Output);
        Assert.Contains("gatehouse enrollment keys cli-r1", begun.Errors, StringComparison.Ordinal);
        var finish = server.On("enrollment", "roll", "cli-r1", "--finish", "--etag", EtagOf(begun));
        var (still, second) = await KeysAsync("cli-r1");
        Assert.Equal(first, still);
        await CliRun.RefusedAsync(1, finish, "1 of 1 devices", "have not come since the roll began: cli-r1", "--force");
        await RegisterAsync("cli-r1", first);
        await CliRun.RefusedAsync(1, finish, "1 of 1 devices", "came again with the old one: cli-r1", "--force");
        await RegisterAsync("cli-r1", second);

        var ended = await CliRun.OkAsync(finish);
        Assert.Contains("gatehouse device regenerate-key cli-r1 primary", ended.Errors, StringComparison.Ordinal);
        var (now, fresh) = await KeysAsync("cli-r1");
        Assert.Equal(second, now);
        Assert.DoesNotContain(fresh, new[] { first, second });
        Assert.DoesNotContain(second, begun.Output + begun.Errors + ended.Output + ended.Errors, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, [.. finish, "--force"], "PreconditionFailed");
        Assert.False(await TestRegistration.ByKeyAsync(server, "cli-r1", first));
        Assert.True(await TestRegistration.ByKeyAsync(server, "cli-r1", second));
    }

    [Fact]
    public async Task The_key_of_a_group_is_rolled_with_those_derived_from_it_and_devices_that_did_not_follow_are_named()
    {
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r2", "--group"));
        await RegisterAsync("cli-r2-a", await DeviceKeyAsync("cli-r2-a", "primary"));
        await RegisterAsync("cli-r2-b", await DeviceKeyAsync("cli-r2-b", "primary"));
        var given = Convert.ToBase64String([.. Enumerable.Repeat((byte)9, 64)]);

        var begun = await CliRun.EndAsync(server.On("enrollment", "roll", "cli-r2", "--group", "--key-from", "-"), given);
        Assert.Contains("gatehouse enrollment compute-device-key DEVICE --group-id cli-r2 --key-type secondary", begun.Errors, StringComparison.Ordinal);
        Assert.Equal(given, (string)(await CliRun.OkAsync(server.On("enrollment", "keys", "cli-r2", "--group", "--json"))).Json["secondaryKey"]!);
        await RegisterAsync("cli-r2-a", await DeviceKeyAsync("cli-r2-a", "secondary"));

        var finish = server.On("enrollment", "roll", "cli-r2", "--group", "--finish", "--etag", EtagOf(begun));
        await CliRun.RefusedAsync(1, finish, "1 of 2 devices", "have not come since the roll began: cli-r2-b");
        var old = await DeviceKeyAsync("cli-r2-b", "primary");
        await RegisterAsync("cli-r2-b", old);
        await CliRun.RefusedAsync(1, finish, "1 of 2 devices", "came again with the old one: cli-r2-b");
        await CliRun.OkAsync([.. finish, "--force"]);
        Assert.False(await TestRegistration.ByKeyAsync(server, "cli-r2-b", old));
        Assert.True(await TestRegistration.ByKeyAsync(server, "cli-r2-a", await DeviceKeyAsync("cli-r2-a", "primary")));
    }

    [Fact]
    public async Task A_certificate_is_rolled_once_its_device_has_registered_with_the_new_one()
    {
        using var first = TestCertificates.SelfSigned("CN=cli-r3");
        using var second = TestCertificates.SelfSigned("CN=cli-r3");
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r3", "--certificate", Save("first.pem", first)));
        await RegisterAsync("cli-r3", first);

        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-r3", "--finish"), "no roll has begun");
        await CliRun.RefusedAsync(2, server.On("enrollment", "roll", "cli-r3"), "--certificate-path");
        await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r3", "--certificate", Save("second.pem", second)));
        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-r3", "--certificate", File("second.pem")), "a roll has begun", "--finish");
        await RegisterAsync("cli-r3", first);
        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-r3", "--finish"), "1 of 1 devices", "came again with the old one: cli-r3");
        await RegisterAsync("cli-r3", second);

        var ended = (await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r3", "--finish", "--json"))).Json["attestation"]!["x509"]!["clientCertificates"]!;
        Assert.Equal(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(second.RawData)), (string)ended["primary"]!["info"]!["sha256Thumbprint"]!);
        Assert.Null(ended["secondary"]);
        Assert.False(await TestRegistration.ByCertificateAsync(server, "cli-r3", first));
    }

    [Fact]
    public async Task The_CA_of_a_group_is_rolled()
    {
        using var first = TestCertificates.SelfSigned("CN=Cli Roll 1", isAuthority: true);
        using var second = TestCertificates.SelfSigned("CN=Cli Roll 2", isAuthority: true);
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r4", "--group", "--certificate", Save("ca1.pem", first)));

        var begun = await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r4", "--group", "--certificate", Save("ca2.pem", second)));
        Assert.Contains("gatehouse enrollment roll cli-r4 --group --finish", begun.Errors, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r4", "--group", "--finish"));

        var shown = (await CliRun.OkAsync(server.On("enrollment", "show", "cli-r4", "--group"))).Output;
        Assert.Contains("CN=Cli Roll 2", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("CN=Cli Roll 1", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_names_CA_certificates_of_the_service_and_they_are_rolled_and_replaced()
    {
        using var service = new HubClient(new ConnectionSource { DataDirectory = server.Data, Environment = _ => null }.ResolveProvisioning());
        foreach (var name in new[] { "cli-ca1", "cli-ca2" })
        {
            using var authority = TestCertificates.SelfSigned("CN=" + name, isAuthority: true);
            var body = new JsonObject { ["properties"] = new JsonObject { ["certificate"] = Convert.ToBase64String(authority.RawData), ["isVerified"] = true } };
            await service.PutAsync(HubPath.Provisioning("certificates", name), body, null, TestContext.Current.CancellationToken);
        }

        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r7", "--group", "--ca-name", "cli-ca1"));
        await CliRun.OkAsync(server.On("enrollment", "update", "cli-r7", "--group", "--status", "disabled"));
        Assert.Matches("(?m)^primary certificate +the service's 'cli-ca1'$", (await CliRun.OkAsync(server.On("enrollment", "show", "cli-r7", "--group"))).Output);
        await CliRun.RefusedAsync(2, server.On("enrollment", "roll", "cli-r7", "--group", "--certificate", "ca.pem"), "--ca-name", "not --certificate-path");
        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-r7", "--group", "--key-from", "-"), "--key-from");
        await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r7", "--group", "--ca-name", "cli-ca2"));
        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-r7", "--group", "--ca-name", "cli-ca2"), "a roll has begun", "(cli-ca2)");
        var ended = (await CliRun.OkAsync(server.On("enrollment", "roll", "cli-r7", "--group", "--finish", "--json"))).Json["attestation"]!["x509"]!["caReferences"]!;
        Assert.Equal(("cli-ca2", null), ((string)ended["primary"]!, (string?)ended["secondary"]));

        using var own = TestCertificates.SelfSigned("CN=own", isAuthority: true);
        var replaced = (await CliRun.OkAsync(server.On("enrollment", "update", "cli-r7", "--group", "--certificate", Save("own.pem", own), "--json"))).Json["attestation"]!["x509"]!;
        Assert.Equal((null, "CN=own"), (replaced["caReferences"], (string)replaced["signingCertificates"]!["primary"]!["info"]!["subjectName"]!));
    }

    [Fact]
    public async Task Registrations_are_listed_shown_and_deleted()
    {
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r5"));
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-r6", "--group"));
        await RegisterAsync("cli-r5", (await KeysAsync("cli-r5")).Primary);
        await RegisterAsync("cli-r6-a", await DeviceKeyAsync("cli-r6-a", "primary", "cli-r6"));

        Assert.Matches("(?m)^cli-r5 +assigned +localhost +cli-r5 +initialAssignment +primary key +20", (await CliRun.OkAsync(server.On("enrollment", "registrations", "list"))).Output);
        Assert.Equal(["cli-r6-a"], (await CliRun.OkAsync(server.On("enrollment", "registrations", "list", "cli-r6", "--json"))).Json.AsArray().Select(each => (string)each!["registrationId"]!));
        Assert.Matches("(?m)^group +cli-r6$", (await CliRun.OkAsync(server.On("enrollment", "registrations", "show", "cli-r6-a"))).Output);
        Assert.Matches("(?m)^registration +assigned to localhost as cli-r5$", (await CliRun.OkAsync(server.On("enrollment", "show", "cli-r5"))).Output);
        await CliRun.RefusedAsync(1, server.On("enrollment", "registrations", "delete", "cli-r5", "--etag", "other"), "PreconditionFailed");
        await CliRun.OkAsync(server.On("enrollment", "registrations", "delete", "cli-r5"));
        await CliRun.RefusedAsync(1, server.On("enrollment", "registrations", "show", "cli-r5"), "RegistrationNotFound", "registrations list");
        Assert.Contains("no registrations", (await CliRun.OkAsync(server.On("enrollment", "registrations", "list", "cli-none"))).Errors, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("device", "show", "cli-r5"));
    }

    private static string EtagOf(CliRun begun) => Regex.Match(begun.Errors, "--finish --etag ([0-9a-f-]+)").Groups[1].Value;

    private async Task RegisterAsync(string id, string key)
    {
        Assert.True(await TestRegistration.ByKeyAsync(server, id, key));
        await TestRegistration.AssignedAsync(server, id);
    }

    private async Task RegisterAsync(string id, X509Certificate2 certificate)
    {
        Assert.True(await TestRegistration.ByCertificateAsync(server, id, certificate));
        await TestRegistration.AssignedAsync(server, id);
    }

    private async Task<(string Primary, string Secondary)> KeysAsync(string id)
    {
        JsonNode keys = (await CliRun.OkAsync(server.On("enrollment", "keys", id, "--json"))).Json;
        return ((string)keys["primaryKey"]!, (string)keys["secondaryKey"]!);
    }

    private async Task<string> DeviceKeyAsync(string id, string which, string group = "cli-r2") =>
        (await CliRun.OkAsync(server.On("enrollment", "compute-device-key", id, "--group-id", group, "--key-type", which))).Output.TrimEnd();

    private string File(string name) => Path.Combine(folder.Path, name);

    private string Save(string name, X509Certificate2 certificate)
    {
        System.IO.File.WriteAllText(File(name), certificate.ExportCertificatePem());
        return File(name);
    }
}
