using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.Store;
using Xunit;
using FileOptions = Gatehouse.Hub.Files.FileOptions;

namespace Gatehouse.Hub.Tests.Files;

/// <summary>What an operator reads of uploads that were never finished.</summary>
public sealed class FileUpkeepTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_unfinished_upload_is_a_line_and_many_are_a_few_lines()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-upkeep-").FullName;
        var files = new FileOptions { Folder = folder };
        await using var hub = await HubHost.StartAsync(new HubOptions { Files = files });
        foreach (var device in new[] { "d1", "d2", "d3" })
        {
            await hub.PutAsync(device);
        }

        for (var i = 0; i < 25; i++)
        {
            Assert.True((await hub.Get<FileUploads>().InitializeAsync(hub.Hub, DeviceId.Parse($"d{(i / 10) + 1}"), $"f{i}", Token)).IsOk);
        }

        var log = new RecordingLog();
        using var upkeep = new FileUpkeep(hub.Get<Database>(), hub.Get<BlobStore>(), hub.Get<UploadPlaces>(), files, hub.Time, log);
        hub.Time.Advance(TimeSpan.FromMinutes(119));
        await upkeep.RemoveUnfinishedAsync(Token);
        Assert.Empty(log.Lines);
        hub.Time.Advance(TimeSpan.FromMinutes(1));
        await upkeep.RemoveUnfinishedAsync(Token);
        await upkeep.RemoveUnfinishedAsync(Token);

        Assert.Equal(21, log.Lines.Count);
        Assert.All(log.Lines.Take(20), line => Assert.Matches(@"^Device (d\d) of hub gatehouse began to upload \1/f\d+ at 2026-11-24 08:00:00Z and never said what became of it\.$", line.Text));
        Assert.Equal(("MoreUploadsNotFinished", "So did devices with 5 other uploads."), log.Lines.Last());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Files_that_no_row_names_go_also_when_they_came_long_after_the_start()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-upkeep-").FullName;
        var files = new FileOptions { Folder = folder };
        await using var hub = await HubHost.StartAsync(new HubOptions { Files = files });
        using var upkeep = new FileUpkeep(hub.Get<Database>(), hub.Get<BlobStore>(), hub.Get<UploadPlaces>(), files, hub.Time, new RecordingLog());
        await upkeep.StartAsync(Token);
        for (var round = 0; round < 2; round++)
        {
            var (old, young) = (Stray(folder, hub.Time.GetUtcNow() - TimeSpan.FromHours(25)), Stray(folder, hub.Time.GetUtcNow() - TimeSpan.FromHours(20)));

            await Routing.RoutingHost.UntilAsync(() =>
            {
                hub.Time.Advance(TimeSpan.FromMinutes(1));
                return Task.FromResult(!File.Exists(old));
            });

            Assert.True(File.Exists(young));
            File.Delete(young);
        }

        await upkeep.StopAsync(Token);
        Directory.Delete(folder, recursive: true);
    }

    private static string Stray(string folder, DateTimeOffset written)
    {
        var path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, [1]);
        File.SetLastWriteTimeUtc(path, written.UtcDateTime);
        return path;
    }
}
