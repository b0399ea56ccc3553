using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.Store.Audit;
using Xunit;
using FileOptions = Gatehouse.Hub.Files.FileOptions;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>What operators see of the files that devices uploaded, and what becomes of those with time.</summary>
public sealed class UploadedFileTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_listed_page_by_page_and_by_device()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        foreach (var (device, names) in new[] { ("d1", new[] { "a", "b/c" }), ("d10", ["a"]), ("d2", ["z"]) })
        {
            var token = await host.TokenOfNewAsync(device);
            foreach (var name in names)
            {
                await (await Upload.BeginAsync(door, token, name, device)).PutAsync([1, 2, 3]);
            }
        }

        Assert.Equal(["d1/a", "d1/b/c", "d10/a", "d2/z"], await ListAsync(host));
        Assert.Equal(["d1/a", "d1/b/c"], await ListAsync(host, "d1"));
        Assert.Equal(["d1/a"], await ListAsync(host, "d1", max: 1));
        Assert.Equal(["d1/b/c"], await ListAsync(host, "d1", after: "d1/a", max: 1));
        Assert.Equal(["d10/a", "d2/z"], await ListAsync(host, after: "d1/b/c"));
        Assert.Empty(await ListAsync(host, "d"));
    }

    [Fact]
    public async Task A_file_is_read_and_deleted_with_its_bytes_and_an_audit_record()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        await (await Upload.BeginAsync(door, await host.TokenOfNewAsync("d1"), "a")).PutAsync("hello"u8.ToArray(), headers: ("x-ms-blob-content-type", "text/plain"));
        var files = host.Get<UploadedFiles>();

        var (blob, path) = (await files.FindAsync(host.Hub, "d1/a", Token)).Value;
        Assert.Equal((5, "text/plain", "hello"), (blob.Size, blob.ContentType, await File.ReadAllTextAsync(path, Token)));
        Assert.Equal("GenericNotFound", (await files.FindAsync(host.Hub, "d1/b", Token)).Error?.Name);
        Assert.True((await files.DeleteAsync(host.Hub, "d1/a", "policy:iothubowner", Token)).IsOk);

        Assert.Empty(Directory.EnumerateFiles(host.FilesFolder));
        Assert.Equal("GenericNotFound", (await files.DeleteAsync(host.Hub, "d1/a", "policy:iothubowner", Token)).Error?.Name);
        Assert.Equal(["d1/a"], (await host.Get<AuditLog>().ReadAsync(host.Hub.Value, 0, 1000, Token)).Where(entry => entry.Fields.Action == "file.delete").Select(entry => entry.Fields.Subject));
    }

    [Fact]
    public async Task Bytes_that_are_not_on_this_node_are_said_to_be_elsewhere()
    {
        await using var host = await GatewayHost.StartAsync();
        await using var door = await HttpDoor.OpenAsync(host);
        await (await Upload.BeginAsync(door, await host.TokenOfNewAsync("d1"), "a")).PutAsync([1]);
        File.Delete(Assert.Single(Directory.EnumerateFiles(host.FilesFolder)));

        Assert.Contains("node", (await host.Get<UploadedFiles>().FindAsync(host.Hub, "d1/a", Token)).Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_go_when_their_time_has_come_and_not_before()
    {
        await using var host = await GatewayHost.StartAsync(files: new FileOptions { Retention = TimeSpan.FromDays(2) });
        await using var door = await HttpDoor.OpenAsync(host);
        await (await Upload.BeginAsync(door, await host.TokenOfNewAsync("d1"), "a")).PutAsync([1]);
        var upkeep = host.Get<FileUpkeep>();

        host.Time.Advance(TimeSpan.FromDays(2) - TimeSpan.FromTicks(1));
        await upkeep.RemoveUnfinishedAsync(Token);
        Assert.Equal(["d1/a"], await ListAsync(host));
        host.Time.Advance(TimeSpan.FromTicks(1));
        await upkeep.RemoveUnfinishedAsync(Token);

        Assert.Empty(await ListAsync(host));
        Assert.Empty(Directory.EnumerateFiles(host.FilesFolder));
    }

    private static async Task<IEnumerable<string>> ListAsync(GatewayHost host, string? device = null, string? after = null, int max = 100) =>
        (await host.Get<UploadedFiles>().ListAsync(host.Hub, device is null ? null : DeviceId.Parse(device), after, max, Token)).Select(file => file.Name);
}
