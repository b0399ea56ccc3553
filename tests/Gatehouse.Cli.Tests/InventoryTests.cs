using System.Security.Cryptography;
using Gatehouse.Server.Tests;
using MQTTnet;
using Xunit;

namespace Gatehouse.Cli.Tests;

public sealed class InventoryTests(RunningServer server) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_device_that_connects_is_listed_with_its_CA_and_both_are_in_the_forecast()
    {
        using var authority = TestCertificates.SelfSigned("CN=Inventory plant", isAuthority: true);
        using var leaf = TestCertificates.OfClient(authority, "CN=inventory-1");
        var file = Path.Combine(folder.Path, "plant.pem");
        await File.WriteAllTextAsync(file, authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await CliRun.OkAsync(server.On("certificate", "add", "inventory-plant", file, "--verified"));
        await CliRun.OkAsync(server.On("device", "create", "inventory-1", "--auth-method", "x509_ca"));
        using var device = new TestDevice(server, "inventory-1");
        Assert.Equal(MqttClientConnectResultCode.Success, await device.TryConnectAsync(null, certificate: leaf));

        var listed = Assert.Single((await CliRun.OkAsync(server.On("certificate", "inventory", "--issuer", "CN=Inventory plant", "--kind", "device", "--expires-within", "30d", "--all", "--json"))).Json.AsArray())!;
        Assert.Equal(
            ("inventory-1", leaf.GetCertHashString(HashAlgorithmName.SHA256), authority.GetCertHashString(HashAlgorithmName.SHA256), "current"),
            ((string?)listed["usedBy"], (string?)listed["sha256Thumbprint"], (string?)listed["authoritySha256"], (string?)listed["status"]));
        Assert.Contains("inventory-1", (await CliRun.OkAsync(server.On("certificate", "inventory", "--kind", "device", "--all"))).Output, StringComparison.Ordinal);
        var seen = (await CliRun.OkAsync(server.On("certificate", "forecast", "--by", "day", "--within", "7", "--max", "1000", "--json"))).Json;
        var above = seen["above"]!.AsArray().Single(each => (string?)each!["certificate"]!["usedBy"] == "inventory-plant")!;
        Assert.Equal(("ca", 1), ((string?)above["certificate"]!["kind"], (int)above["devices"]!));
        Assert.Contains(seen["devices"]!["value"]!.AsArray(), each => (string?)each!["usedBy"] == "inventory-1");
        var text = (await CliRun.OkAsync(server.On("certificate", "forecast", "--within", "7"))).Output;
        Assert.Contains("devices that fail", text, StringComparison.Ordinal);
        Assert.Contains("inventory-plant", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_s_own_certificate_and_root_are_listed_and_pages_go_on()
    {
        Assert.Equal("present", (string?)Assert.Single((await CliRun.OkAsync(server.On("certificate", "inventory", "--kind", "server", "--json"))).Json.AsArray())!["usedBy"]);
        Assert.NotEmpty((await CliRun.OkAsync(server.On("certificate", "inventory", "--kind", "server-root", "--json"))).Json.AsArray());

        var first = await CliRun.OkAsync(server.On("certificate", "inventory", "--max", "1"));
        Assert.Contains("More: --after '", first.Errors, StringComparison.Ordinal);
        await CliRun.OkAsync(server.On("certificate", "inventory", "--provisioning", "--json"));
        await CliRun.OkAsync(server.On("certificate", "forecast", "--provisioning"));
    }

    [Fact]
    public async Task Alarms_are_listed_and_what_there_is_none_of_is_refused()
    {
        await CliRun.OkAsync(server.On("certificate", "alarms", "--json"));
        await CliRun.OkAsync(server.On("certificate", "alarms", "--closed", "--provisioning"));
        Assert.Contains("alarms acknowledged: 0.", (await CliRun.OkAsync(server.On("certificate", "alarms", "--provisioning", "--acknowledge", "all"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("certificate", "alarms", "--acknowledge", "none"), "no alarm of this id");
    }

    [Fact]
    public async Task What_cannot_be_meant_is_refused()
    {
        await CliRun.RefusedAsync(2, server.On("certificate", "inventory", "--kind", "leaf"), "leaf");
        await CliRun.RefusedAsync(2, server.On("certificate", "inventory", "--expires-within", "soon"), "--expires-within");
        await CliRun.RefusedAsync(2, server.On("certificate", "inventory", "--expires-within", "9999d"), "--expires-within");
        await CliRun.RefusedAsync(2, server.On("certificate", "inventory", "--max", "0"), "--max");
        await CliRun.RefusedAsync(2, server.On("certificate", "forecast", "--within", "0"), "--within");
        await CliRun.RefusedAsync(2, server.On("certificate", "forecast", "--by", "year"), "year");
        await CliRun.RefusedAsync(1, server.On("certificate", "inventory", "--after", "x"), "after");
    }
}
