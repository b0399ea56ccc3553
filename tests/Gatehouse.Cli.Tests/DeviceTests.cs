using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class DeviceTests(RunningServer server)
{
    [Fact]
    public async Task A_created_device_is_shown_with_masked_keys_and_with_keys_only_when_asked()
    {
        var created = await CliRun.OkAsync(server.On("device", "create", "show-1", "--status", "disabled", "--status-reason", "in the store"));
        var keys = (await CliRun.OkAsync(server.On("device", "keys", "show-1", "--json"))).Json;
        var shown = await CliRun.OkAsync(server.On("device", "show", "show-1", "--json"));
        var text = await CliRun.OkAsync(server.On("device", "show", "show-1"));
        var open = await CliRun.OkAsync(server.On("device", "show", "show-1", "--show-keys"));

        Assert.Equal("device 'show-1' created (sas). Next: gatehouse device connection-string show-1\n", created.Output);
        Assert.Equal("disabled", (string?)shown.Json["status"]);
        Assert.Equal("***", (string?)shown.Json["authentication"]!["symmetricKey"]!["primaryKey"]);
        Assert.DoesNotContain((string)keys["primaryKey"]!, shown.Output + text.Output, StringComparison.Ordinal);
        Assert.Contains("disabled (in the store)", text.Output, StringComparison.Ordinal);
        Assert.Contains((string)keys["secondaryKey"]!, open.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_is_sent_waits_for_its_device_and_is_purged()
    {
        await CliRun.OkAsync(server.On("device", "create", "message-1"));

        var sent = await CliRun.OkAsync(server.On("device", "c2d-message", "send", "message-1", "--body", "hello", "--ack", "full", "--mid", "m-1", "--props", "a=b;c=d", "--ct", "text/plain"));
        await CliRun.OkAsync(server.On("device", "c2d-message", "send", "message-1"));
        var waiting = await CliRun.OkAsync(server.On("device", "show", "message-1", "--json"));
        var purged = await CliRun.OkAsync(server.On("device", "c2d-message", "purge", "message-1", "--json"));

        Assert.Equal("message 'm-1' waits for device 'message-1'.\n", sent.Output);
        Assert.Equal(2, (int)waiting.Json["cloudToDeviceMessageCount"]!);
        Assert.Equal(2, (int)purged.Json["totalMessagesPurged"]!);
    }

    [Fact]
    public async Task A_list_masks_keys_and_is_one_line_for_each_device_however_long_its_id()
    {
        var id = "list-" + new string('x', 120);
        await CliRun.OkAsync(server.On("device", "create", id));

        var text = await CliRun.OkAsync(server.On("device", "list"));
        var json = await CliRun.OkAsync(server.On("device", "list", "--json"));
        var one = await CliRun.OkAsync(server.On("device", "list", "--top", "1", "--json"));

        Assert.Contains(text.Out.Lines, line => line.Contains(id, StringComparison.Ordinal) && line.Contains("enabled", StringComparison.Ordinal));
        Assert.All(json.Json.AsArray(), device => Assert.True((string?)device!["authentication"]!["symmetricKey"]!["primaryKey"] is null or "***"));
        Assert.Single(one.Json.AsArray());
        Assert.DoesNotContain('\u001b', text.Output);
    }

    [Fact]
    public async Task A_connection_string_is_what_an_sdk_takes_and_a_note_tells_of_other_ports()
    {
        await CliRun.OkAsync(server.On("device", "create", "string-1"));
        var keys = (await CliRun.OkAsync(server.On("device", "keys", "string-1", "--json"))).Json;

        var first = await CliRun.OkAsync(server.On("device", "connection-string", "string-1"));
        var second = await CliRun.OkAsync(server.On("device", "connection-string", "string-1", "--key-type", "secondary", "--json"));

        Assert.Equal($"HostName=localhost;DeviceId=string-1;SharedAccessKey={keys["primaryKey"]}\n", first.Output);
        Assert.Equal($"HostName=localhost;DeviceId=string-1;SharedAccessKey={keys["secondaryKey"]}", (string?)second.Json["connectionString"]);
        Assert.Single(first.Err.Lines);
        Assert.Contains(server.Port("mqtt").ToString(), first.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_update_changes_what_is_named_and_keeps_the_keys()
    {
        await CliRun.OkAsync(server.On("device", "create", "update-1"));
        var before = (await CliRun.OkAsync(server.On("device", "show", "update-1", "--show-keys", "--json"))).Json;

        await CliRun.OkAsync(server.On("device", "update", "update-1", "--status", "disabled", "--edge", "true"));

        var after = (await CliRun.OkAsync(server.On("device", "show", "update-1", "--show-keys", "--json"))).Json;
        Assert.Equal("disabled", (string?)after["status"]);
        Assert.True((bool)after["capabilities"]!["iotEdge"]!);
        Assert.True(JsonNode.DeepEquals(before["authentication"], after["authentication"]));
    }

    [Fact]
    public async Task An_update_with_an_old_etag_is_refused_and_says_how_to_go_on()
    {
        await CliRun.OkAsync(server.On("device", "create", "etag-1"));
        var etag = (string)(await CliRun.OkAsync(server.On("device", "show", "etag-1", "--json"))).Json["etag"]!;
        await CliRun.OkAsync(server.On("device", "update", "etag-1", "--status-reason", "first", "--etag", etag));

        await CliRun.RefusedAsync(1, server.On("device", "update", "etag-1", "--status-reason", "second", "--etag", etag), "PreconditionFailed", "--etag '*'");
        await CliRun.RefusedAsync(1, server.On("device", "delete", "etag-1", "--etag", etag), "PreconditionFailed");
        await CliRun.OkAsync(server.On("device", "update", "etag-1", "--status-reason", "third", "--etag", "*"));
    }

    [Fact]
    public async Task Own_keys_come_from_a_file_or_the_input()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (NewKey(), NewKey());
        var file = Path.Combine(folder.Path, "keys");
        await File.WriteAllTextAsync(file, $"{first}\n{second}\n", TestContext.Current.CancellationToken);

        await CliRun.OkAsync(server.On("device", "create", "own-1", "--keys-from", file));
        var piped = await CliRun.EndAsync(server.On("device", "create", "own-2", "--keys-from", "-"), $"{second}\r\n{first}");

        Assert.Equal(0, await piped.Ending);
        Assert.Equal(first, (string?)(await CliRun.OkAsync(server.On("device", "keys", "own-1", "--json"))).Json["primaryKey"]);
        Assert.Equal(second, (string?)(await CliRun.OkAsync(server.On("device", "keys", "own-2", "--json"))).Json["primaryKey"]);
    }

    [Fact]
    public async Task A_wrong_key_file_is_refused_without_showing_what_is_in_it()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "keys");
        await File.WriteAllTextAsync(file, "secret-but-not-base64\n", TestContext.Current.CancellationToken);

        var said = await CliRun.RefusedAsync(2, server.On("device", "create", "own-3", "--keys-from", file), "--keys-from", "base64");

        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thumbprints_come_from_a_certificate_or_from_hexadecimal_with_colons()
    {
        using var folder = new TemporaryFolder();
        using var certificate = TestCertificates.SelfSigned("CN=x-1");
        var file = Path.Combine(folder.Path, "x-1.pem");
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var sha256 = Convert.ToHexString(SHA256.HashData(certificate.RawData));
        var colons = string.Join(':', Convert.FromHexString(sha256).Select(octet => octet.ToString("x2")));

        await CliRun.OkAsync(server.On("device", "create", "x-1", "--certificate", file));
        await CliRun.OkAsync(server.On("device", "create", "x-2", "--auth-method", "x509_thumbprint", "--primary-thumbprint", colons));
        await CliRun.OkAsync(server.On("device", "create", "x-3", "--auth-method", "x509_ca"));

        var shown = (await CliRun.OkAsync(server.On("device", "show", "x-1", "--json"))).Json["authentication"]!;
        Assert.Equal(("selfSigned", sha256), ((string?)shown["type"], (string?)shown["x509Thumbprint"]!["primaryThumbprint"]));
        Assert.Equal(sha256, (string?)(await CliRun.OkAsync(server.On("device", "show", "x-2", "--json"))).Json["authentication"]!["x509Thumbprint"]!["primaryThumbprint"]);
        Assert.Equal("HostName=localhost;DeviceId=x-3;x509=true\n", (await CliRun.OkAsync(server.On("device", "connection-string", "x-3"))).Output);
        await CliRun.RefusedAsync(1, server.On("device", "keys", "x-3"), "has no keys");
    }

    [Theory]
    [InlineData("primary")]
    [InlineData("secondary")]
    [InlineData("swap")]
    public async Task Regenerate_key_replaces_one_key_or_exchanges_them(string which)
    {
        var id = "regenerate-" + which;
        await CliRun.OkAsync(server.On("device", "create", id));
        var before = (await CliRun.OkAsync(server.On("device", "keys", id, "--json"))).Json;

        await CliRun.OkAsync(server.On("device", "regenerate-key", id, which));

        var after = (await CliRun.OkAsync(server.On("device", "keys", id, "--json"))).Json;
        var (oldPrimary, oldSecondary) = ((string)before["primaryKey"]!, (string)before["secondaryKey"]!);
        var (primary, secondary) = ((string)after["primaryKey"]!, (string)after["secondaryKey"]!);
        Assert.Equal(which == "swap" ? oldSecondary : oldPrimary, which == "primary" ? oldPrimary : primary);
        Assert.Equal((which == "primary", which == "secondary"), (primary != oldPrimary && primary != oldSecondary, secondary != oldSecondary && secondary != oldPrimary));
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("show")]
    [InlineData("keys")]
    [InlineData("connection-string")]
    public async Task An_unknown_device_is_refused_with_a_way_to_find_the_right_one(string verb) =>
        await CliRun.RefusedAsync(1, server.On("device", verb, "nobody"), "DeviceNotFound", "gatehouse device list");

    [Fact]
    public async Task A_device_that_is_there_already_is_refused_and_a_deleted_one_is_gone()
    {
        await CliRun.OkAsync(server.On("device", "create", "twice-1"));

        await CliRun.RefusedAsync(1, server.On("device", "create", "twice-1"), "DeviceAlreadyExists", "gatehouse device update");
        Assert.Equal("device 'twice-1' deleted.\n", (await CliRun.OkAsync(server.On("device", "delete", "twice-1"))).Output);
        await CliRun.RefusedAsync(1, server.On("device", "delete", "twice-1"), "DeviceNotFound");
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a%2Fb")]
    [InlineData("@at")]
    [InlineData("q?#*=+;,$'(!)")]
    public async Task Every_letter_of_device_ids_survives_the_way_to_the_hub(string id)
    {
        await CliRun.OkAsync(server.On("device", "create", id));

        Assert.Equal(id, (string?)(await CliRun.OkAsync(server.On("device", "show", id, "--json"))).Json["deviceId"]);
        await CliRun.OkAsync(server.On("device", "delete", id));
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
}
