using Gatehouse.Server.Tests;
using Xunit;

namespace Gatehouse.Cli.Tests;

/// <summary>Files of devices on the command line; uploads themselves are shown by conformance/14-files.</summary>
public sealed class FileTests(RunningServer server)
{
    [Fact]
    public async Task What_the_hub_does_with_files_is_shown_and_changed()
    {
        Assert.Contains("the hub itself", (await CliRun.OkAsync(server.On("file-upload", "show"))).Output, StringComparison.Ordinal);

        await CliRun.OkAsync(server.On("file-upload", "update", "--sas-ttl", "30m", "--notification-ttl", "2d", "--notification-lock-duration", "5s", "--notification-max-delivery-count", "7", "--notifications", "false"));

        var shown = (await CliRun.OkAsync(server.On("file-upload", "show", "--json"))).Json;
        var told = shown["messagingEndpoints"]!["fileNotifications"]!;
        Assert.Equal(("PT30M", "P2D", "PT5S", 7, false), ((string?)shown["storageEndpoints"]!["$default"]!["sasTtlAsIso8601"], (string?)told["ttlAsIso8601"], (string?)told["lockDurationAsIso8601"], (int)told["maxDeliveryCount"]!, (bool)shown["enableFileUploadNotifications"]!));
        await CliRun.OkAsync(server.On("file-upload", "update", "--embedded", "--notifications", "true"));
        await CliRun.RefusedAsync(1, server.On("file-upload", "update", "--sas-ttl", "25h"), "sasTtlAsIso8601");
        await CliRun.RefusedAsync(2, server.On("file-upload", "update", "--sas-ttl", "soon"), "--sas-ttl");
        await CliRun.RefusedAsync(2, server.On("file-upload", "update", "--embedded", "--container-name", "x"), "--embedded");
    }

    [Fact]
    public async Task A_storage_account_that_cannot_be_used_is_refused_and_its_key_not_shown()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "AccountName=acct;AccountKey=aHVzaGh1c2g=;BlobEndpoint=https://127.0.0.1:1/acct\n", TestContext.Current.CancellationToken);

        var errors = await CliRun.RefusedAsync(1, server.On("file-upload", "update", "--connection-string-from", file, "--container-name", "box"), "--private-endpoints");

        Assert.DoesNotContain("aHVzaGh1c2g", errors, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_neither_downloaded_nor_deleted()
    {
        Assert.Contains("file", (await CliRun.OkAsync(server.On("file", "list"))).Output, StringComparison.Ordinal);
        await CliRun.RefusedAsync(1, server.On("file", "download", "d1/none", "--output", Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())), "NotFound");
        await CliRun.RefusedAsync(1, server.On("file", "delete", "d1/none"), "NotFound");
        await CliRun.RefusedAsync(2, server.On("file", "download", "d1/none/"), "--output");
        await CliRun.RefusedAsync(2, server.On("file", "list", "--max", "0"), "--max");
    }
}
