using System.Text.Json.Nodes;
using Gatehouse.Provisioning.Tests;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class EnrollmentTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_enrollment_lives_from_create_to_delete_with_everything_that_can_be_said_of_it()
    {
        var created = await CliRun.OkAsync(server.On(
            "enrollment", "create", "cli-e1", "--device-id", "cli-e1-d", "--allocation-policy", "static", "--iot-hubs", "localhost", "--reprovision-policy", "never", "--edge-enabled",
            "--initial-twin-tags", """{"site":"north"}""", "--initial-twin-properties", """{"a":1}""", "--device-information", """{"by":"test"}"""));
        Assert.Equal("enrollment 'cli-e1' created (symmetricKey). Next: gatehouse enrollment keys cli-e1\n", created.Output);

        var shown = (await CliRun.OkAsync(server.On("enrollment", "show", "cli-e1"))).Output;
        Assert.Matches("(?m)^device id +cli-e1-d$", shown);
        Assert.Matches("(?m)^hubs +localhost$", shown);
        Assert.Matches("(?m)^reprovision policy +never$", shown);
        Assert.Matches("(?m)^edge +yes$", shown);
        Assert.Matches("(?m)^cli-e1 +enabled +symmetricKey +static +localhost +never$", (await CliRun.OkAsync(server.On("enrollment", "list"))).Output);

        var changed = (await CliRun.OkAsync(server.On(
            "enrollment", "update", "cli-e1", "--status", "disabled", "--allocation-policy", "hashed", "--iot-hubs", "", "--rp", "reprovisionandresetdata", "--edge", "false", "--props", """{"a":2}""", "--json"))).Json;
        Assert.Equal(("disabled", "hashed", null, false), ((string)changed["provisioningStatus"]!, (string)changed["allocationPolicy"]!, changed["iotHubs"], (bool)changed["capabilities"]!["iotEdge"]!));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"tags":{"site":"north"},"properties":{"desired":{"a":2}}}"""), changed["initialTwin"]));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"updateHubAssignment":true,"migrateDeviceData":false}"""), changed["reprovisionPolicy"]));
        Assert.Equal(("cli-e1-d", "test"), ((string)changed["deviceId"]!, (string)changed["optionalDeviceInformation"]!["by"]!));
        Assert.Equal(["cli-e1"], (await CliRun.OkAsync(server.On("enrollment", "list", "--where", "provisioningStatus = 'disabled' AND registrationId = 'cli-e1'", "--json"))).Json.AsArray().Select(each => (string)each!["registrationId"]!));

        await CliRun.OkAsync(server.On("enrollment", "delete", "cli-e1"));
        await CliRun.RefusedAsync(1, server.On("enrollment", "show", "cli-e1"), "EnrollmentNotFound", "gatehouse enrollment list");
    }

    [Fact]
    public async Task Keys_are_printed_where_they_are_asked_for_and_nowhere_else()
    {
        var (first, second) = (Convert.ToBase64String(new byte[32]), Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]));
        var given = await CliRun.EndAsync(server.On("enrollment", "create", "cli-e2", "--keys-from", "-", "--json"), $"{first}\n{second}\n");
        Assert.Equal(0, await given.Ending);

        var quiet = new[] { given.Output, (await ShowAsync("cli-e2", "--json")).Output, (await ShowAsync("cli-e2")).Output, (await CliRun.OkAsync(server.On("enrollment", "update", "cli-e2", "--edge", "--json"))).Output };
        Assert.All(quiet, text => Assert.DoesNotContain(first, text, StringComparison.Ordinal));
        Assert.Equal("***", (string)given.Json["attestation"]!["symmetricKey"]!["primaryKey"]!);
        Assert.Matches($"(?m)^primary +{first}$", (await CliRun.OkAsync(server.On("enrollment", "keys", "cli-e2"))).Output);
        Assert.Equal(second, (string)(await ShowAsync("cli-e2", "--show-keys", "--json")).Json["attestation"]!["symmetricKey"]!["secondaryKey"]!);
        await CliRun.RefusedAsync(2, server.On("enrollment", "create", "cli-e2b", "--keys-from", File("none.txt")), "there is no file");
    }

    [Fact]
    public async Task The_key_of_a_device_of_a_group_is_computed_here_as_the_documentation_does()
    {
        // From the service's page on symmetric key attestation.
        const string GroupKey = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
        const string Registration = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";
        const string DeviceKey = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=";
        await System.IO.File.WriteAllTextAsync(File("group.key"), GroupKey + "\n", TestContext.Current.CancellationToken);

        var alone = await CliRun.OkAsync("enrollment", "compute-device-key", Registration, "--key-from", File("group.key"));
        Assert.Equal(DeviceKey + "\n", alone.Output);

        var other = Convert.ToBase64String(new byte[32]);
        var made = await CliRun.EndAsync(server.On("enrollment", "create", "cli-g1", "--group", "--keys-from", "-"), $"{other}\n{GroupKey}\n");
        Assert.Contains("gatehouse enrollment compute-device-key DEVICE --group-id cli-g1", made.Output, StringComparison.Ordinal);
        var asked = await CliRun.OkAsync(server.On("enrollment", "compute-device-key", Registration, "--group-id", "cli-g1", "--key-type", "secondary", "--json"));
        Assert.Equal(DeviceKey, (string)asked.Json["deviceKey"]!);

        await CliRun.RefusedAsync(2, server.On("enrollment", "compute-device-key", Registration), "--group-id", "--key-from");
        await CliRun.RefusedAsync(2, server.On("enrollment", "compute-device-key", Registration, "--group-id", "cli-g1", "--key-from", File("group.key")), "one of");
        await CliRun.RefusedAsync(1, server.On("enrollment", "compute-device-key", Registration, "--group-id", "none"), "EnrollmentNotFound", "--group");
    }

    [Fact]
    public async Task Certificates_of_devices_and_of_groups_are_added_shown_replaced_and_taken_out()
    {
        using var first = TestCertificates.SelfSigned("CN=cli-e3");
        using var second = TestCertificates.SelfSigned("CN=cli-e3");
        using var authority = TestCertificates.SelfSigned("CN=Cli Plant", isAuthority: true);
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-e3", "--certificate", Save("first.pem", first), "--secondary-certificate", Save("second.pem", second)));
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-g2", "--group", "--cp", Save("ca.pem", authority)));

        Assert.Matches("(?m)^secondary certificate +CN=cli-e3, until ", (await ShowAsync("cli-e3")).Output);
        Assert.Contains("CN=Cli Plant", (await ShowAsync("cli-g2", "--group")).Output, StringComparison.Ordinal);
        Assert.Matches("(?m)^cli-g2 +enabled +x509 ", (await CliRun.OkAsync(server.On("enrollment", "list", "--group"))).Output);
        var alone = (await CliRun.OkAsync(server.On("enrollment", "update", "cli-e3", "--remove-certificate", "--status", "disabled", "--json"))).Json["attestation"]!["x509"]!["clientCertificates"]!;
        Assert.Null(alone["primary"]);
        Assert.Equal(Sha256(second), (string)alone["secondary"]!["info"]!["sha256Thumbprint"]!);
        await CliRun.RefusedAsync(1, server.On("enrollment", "update", "cli-e3", "--rsc"), "ArgumentInvalid");
        await CliRun.RefusedAsync(1, server.On("enrollment", "keys", "cli-e3"), "it attests by x509");
        await CliRun.RefusedAsync(1, server.On("enrollment", "update", "cli-e3", "--keys-from", "-"), "this enrollment attests by x509", "--keys-from");
        await CliRun.RefusedAsync(1, server.On("enrollment", "create", "cli-g3", "--group", "--certificate", File("first.pem")), "ArgumentInvalid");
        await CliRun.OkAsync(server.On("enrollment", "delete", "cli-g2", "--group"));
    }

    [Fact]
    public async Task A_TPM_is_enrolled_by_its_endorsement_key_in_base64_or_from_a_file_of_either_form()
    {
        var (endorsement, root) = (SampleTpmKey.Endorsement(), SampleTpmKey.StorageRoot());
        var other = SampleTpmKey.Endorsement();
        await System.IO.File.WriteAllBytesAsync(File("ek.pub"), Convert.FromBase64String(other), TestContext.Current.CancellationToken);
        await System.IO.File.WriteAllTextAsync(File("srk.txt"), root + "\n", TestContext.Current.CancellationToken);

        await CliRun.OkAsync(server.On("enrollment", "create", "cli-e4", "--endorsement-key", endorsement, "--storage-root-key", "@" + File("srk.txt")));
        var shown = (await ShowAsync("cli-e4", "--json")).Json["attestation"]!;
        Assert.Equal(("tpm", endorsement, root), ((string)shown["type"]!, (string)shown["tpm"]!["endorsementKey"]!, (string)shown["tpm"]!["storageRootKey"]!));
        var changed = (await CliRun.OkAsync(server.On("enrollment", "update", "cli-e4", "--ek", "@" + File("ek.pub"), "--json"))).Json;
        Assert.Equal((other, null), ((string)changed["attestation"]!["tpm"]!["endorsementKey"]!, (string?)changed["attestation"]!["tpm"]!["storageRootKey"]));
        await CliRun.RefusedAsync(1, server.On("enrollment", "create", "cli-e5", "--endorsement-key", "AAAA"), "TPM2B_PUBLIC");
        await CliRun.RefusedAsync(2, server.On("enrollment", "create", "cli-e5", "--endorsement-key", "base64?"), "--endorsement-key");
        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-e4"), "a TPM has one endorsement key");
    }

    [Fact]
    public async Task What_a_TPM_must_hold_is_learned_or_comes_from_a_file_and_can_be_asked_for_again()
    {
        var (zero, other, long384) = (new string('0', 64), new string('a', 64), new string('b', 96));
        await System.IO.File.WriteAllTextAsync(File("pcrs.txt"), $"  sha1:\n    0 : 0x{zero[..40]}\n  sha256:\n    0 : 0x{zero}\n    7 : 0x{other.ToUpperInvariant()}\n  sha384:\n    7 : 0x{long384}\n", TestContext.Current.CancellationToken);
        await System.IO.File.WriteAllTextAsync(File("pcrs.json"), $$"""{"7":"0x{{long384}}"}""", TestContext.Current.CancellationToken);

        await CliRun.OkAsync(server.On("enrollment", "create", "cli-e8", "--endorsement-key", SampleTpmKey.Endorsement(), "--measured-boot", "7,0"));
        Assert.Matches(@"(?m)^measured boot +PCRs 0, 7 \(sha256\), to be learned$", (await ShowAsync("cli-e8")).Output);
        await CliRun.OkAsync(server.On("enrollment", "update", "cli-e8", "--pcr-values", File("pcrs.txt"), "--reattest-every", "3600"));
        var shown = (await ShowAsync("cli-e8")).Output;
        Assert.Matches(@"(?m)^measured boot +PCRs 0, 7 \(sha256\), given; again every 3600 s$", shown);
        Assert.Contains($"0: {zero}, 7: {other}", shown, StringComparison.Ordinal);
        var policy = (await CliRun.OkAsync(server.On("enrollment", "update", "cli-e8", "--measured-boot", "sha384:7", "--pcr-values", File("pcrs.json"), "--json"))).Json["measuredBootPolicy"]!;
        Assert.Equal(("sha384", long384, 3600), ((string)policy["hashAlgorithm"]!, (string)policy["values"]!["7"]!, (int)policy["reattestEverySeconds"]!));

        await CliRun.RefusedAsync(2, server.On("enrollment", "update", "cli-e8", "--measured-boot", "1", "--pcr-values", File("pcrs.txt")), "no value of PCR 1");
        await CliRun.RefusedAsync(1, server.On("enrollment", "create", "cli-e9", "--measured-boot", "1"), "attest by tpm");
        await CliRun.RefusedAsync(1, server.On("enrollment", "request-attestation", "cli-e8"), "RegistrationNotFound");
        Assert.Null((await CliRun.OkAsync(server.On("enrollment", "update", "cli-e8", "--measured-boot", "none", "--json"))).Json["measuredBootPolicy"]);
    }

    [Fact]
    public async Task A_webhook_that_chooses_the_hub_is_shown_without_its_key_and_goes_with_its_policy()
    {
        await System.IO.File.WriteAllTextAsync(File("hook.txt"), "https://hooks.example/choose?code=s3cret\n", TestContext.Current.CancellationToken);
        await CliRun.OkAsync(server.On("enrollment", "create", "cli-e7", "--webhook-url-from", File("hook.txt")));

        Assert.Matches("(?m)^webhook +https://hooks.example/\\*{4}$", (await ShowAsync("cli-e7")).Output);
        Assert.DoesNotContain("s3cret", (await CliRun.OkAsync(server.On("enrollment", "list", "--json"))).Output, StringComparison.Ordinal);
        var kept = (await CliRun.OkAsync(server.On("enrollment", "update", "cli-e7", "--edge", "--json"))).Json;
        Assert.Equal("custom", (string)kept["allocationPolicy"]!);
        Assert.Contains("?code=s3cret", (await ShowAsync("cli-e7", "--show-keys")).Output, StringComparison.Ordinal);
        Assert.Null((await CliRun.OkAsync(server.On("enrollment", "update", "cli-e7", "--allocation-policy", "hashed", "--json"))).Json["customAllocationDefinition"]);
    }

    [Fact]
    public async Task An_old_ETag_and_a_name_in_use_are_refused_with_what_to_do()
    {
        var etag = (string)(await CliRun.OkAsync(server.On("enrollment", "create", "cli-e6", "--json"))).Json["etag"]!;
        await CliRun.RefusedAsync(1, server.On("enrollment", "create", "cli-e6"), "EnrollmentExists", "gatehouse enrollment update");
        await CliRun.OkAsync(server.On("enrollment", "update", "cli-e6", "--edge", "--etag", etag));

        await CliRun.RefusedAsync(1, server.On("enrollment", "update", "cli-e6", "--edge", "--etag", etag), "PreconditionFailed", "--etag '*'");
        await CliRun.RefusedAsync(1, server.On("enrollment", "delete", "cli-e6", "--etag", etag), "PreconditionFailed");
        await CliRun.RefusedAsync(1, server.On("enrollment", "roll", "cli-e6", "--etag", etag), "PreconditionFailed");
        await CliRun.OkAsync(server.On("enrollment", "update", "cli-e6", "--edge", "--etag", "*"));
    }

    [Theory]
    [InlineData("create d --attestation-type x509", "--certificate-path")]
    [InlineData("create d --attestation-type tpm", "--endorsement-key")]
    [InlineData("create d --group --attestation-type tpm", "group cannot attest by TPM", "each TPM")]
    [InlineData("create d --attestation-type symmetricKey --endorsement-key AAAA", "--attestation-type tpm")]
    [InlineData("create d --keys-from - --certificate c.pem", "one kind of attestation")]
    [InlineData("create d --certificate none.pem", "there is no file")]
    [InlineData("create d --group --device-id x", "individual enrollments")]
    [InlineData("create d --initial-twin-tags [1]", "--initial-twin-tags")]
    [InlineData("create d --allocation-policy nearest", "nearest")]
    [InlineData("create d --reprovision-policy sometimes", "sometimes")]
    [InlineData("update d", "nothing is named")]
    [InlineData("list --top 0", "--top")]
    [InlineData("registrations list --top 0", "--top")]
    [InlineData("roll d --finish --key-from -", "begin one")]
    [InlineData("create d --ca-name plant", "is for groups")]
    [InlineData("create d --group --ca-name plant --certificate c.pem", "--ca-name", "give one of them")]
    [InlineData("create d --webhook-url https://a.example --allocation-policy hashed", "custom")]
    [InlineData("create d --allocation-policy custom", "--webhook-url")]
    [InlineData("create d --measured-boot 0,x", "--measured-boot", "0 to 23")]
    [InlineData("create d --measured-boot 24", "0 to 23")]
    [InlineData("create d --pcr-values none.txt", "--measured-boot PCRS")]
    [InlineData("create d --measured-boot 0 --pcr-values none.txt", "there is no file")]
    [InlineData("create d --measured-boot none --reattest-every 60", "takes the policy away")]
    public async Task Mistakes_are_said_before_anything_is_sent(string line, params string[] words) =>
        await CliRun.RefusedAsync(2, server.On(["enrollment", .. line.Split(' ')]), words);

    [Fact]
    public async Task The_service_is_found_by_its_own_connection_string_and_a_policy_of_the_hub_is_told_from_it()
    {
        var port = $"localhost:{server.Port("https")}";
        var ca = server.Connection.GetProperty("caFile").GetString()!;
        var own = server.Connection.GetProperty("dps").GetProperty("connectionString").GetString()!;
        await CliRun.OkAsync("enrollment", "list", "--ca-file", ca, "--connection-string", own.Replace("localhost", port, StringComparison.Ordinal));

        await CliRun.RefusedAsync(
            1, ["enrollment", "list", "--ca-file", ca, "--connection-string", server.ConnectionString.Replace("localhost", port, StringComparison.Ordinal)], "(Unauthorized)", "must be a policy of the service, not of a hub");
        await System.IO.File.WriteAllTextAsync(
            File("connection.json"), """{"ports":{"https":9,"mqtt":9},"hub":{"hostName":"localhost","connectionString":"HostName=localhost;SharedAccessKeyName=p;SharedAccessKey=AAAA"},"caFile":"x"}""", TestContext.Current.CancellationToken);
        await CliRun.RefusedAsync(1, ["enrollment", "list", "--data", folder.Path], "names no provisioning service");
    }

    private Task<CliRun> ShowAsync(string id, params IEnumerable<string> more) => CliRun.OkAsync(server.On(["enrollment", "show", id, .. more]));

    private static string Sha256(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(certificate.RawData));

    private string File(string name) => Path.Combine(folder.Path, name);

    private string Save(string name, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        System.IO.File.WriteAllText(File(name), certificate.ExportCertificatePem());
        return File(name);
    }
}
