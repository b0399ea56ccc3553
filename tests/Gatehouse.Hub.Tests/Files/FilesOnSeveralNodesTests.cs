using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Files;
using Gatehouse.Sinks.Blobs;
using Gatehouse.Store;
using Gatehouse.Streams.Nats;
using Gatehouse.Streams.Suite;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using FileOptions = Gatehouse.Hub.Files.FileOptions;

namespace Gatehouse.Hub.Tests.Files;

/// <summary>Where a real NATS server joins nodes, files are not left lying on one of them.</summary>
public sealed class FilesOnSeveralNodesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_embedded_endpoint_takes_files_only_where_all_nodes_have_one_folder()
    {
        await using var nats = await NatsServer.StartAsync();
        await using var hub = await HubHost.StartAsync();
        await using var node = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddNatsStreams(new NatsStreamsOptions { Url = nats.Url }).BuildServiceProvider();
        var signals = node.GetRequiredService<ISignals>();

        Assert.Equal("DefaultStorageEndpointNotConfigured", (await OpenAsync(hub, new FileOptions { Folder = hub.Folder }, signals)));
        Assert.Null(await OpenAsync(hub, new FileOptions { Folder = hub.Folder, IsShared = true }, signals));
        Assert.Null(await OpenAsync(hub, new FileOptions { Folder = hub.Folder }, hub.Get<ISignals>()));
        Assert.Equal("DefaultStorageEndpointNotConfigured", await OpenAsync(hub, new FileOptions(), hub.Get<ISignals>()));
    }

    [Fact]
    public async Task That_it_is_off_is_said_at_the_start()
    {
        await using var nats = await NatsServer.StartAsync();
        await using var hub = await HubHost.StartAsync();
        await using var node = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddNatsStreams(new NatsStreamsOptions { Url = nats.Url }).BuildServiceProvider();
        var (log, options) = (new RecordingLog(), new FileOptions { Folder = hub.Folder });
        using var upkeep = new FileUpkeep(hub.Get<Database>(), hub.Get<BlobStore>(), Places(hub, options, node.GetRequiredService<ISignals>()), options, hub.Time, log);

        await upkeep.StartAsync(Token);
        for (var i = 0; i < 6_000 && log.Lines.IsEmpty; i++)
        {
            await Task.Delay(10, Token);
        }

        await upkeep.StopAsync(Token);
        Assert.Equal("EmbeddedEndpointOff", Assert.Single(log.Lines).Event);
    }

    private static UploadPlaces Places(HubHost hub, FileOptions options, ISignals signals) =>
        new(hub.Get<FileUploadDefinitions>(), hub.Get<EmbeddedPlace>(), hub.Get<BlobLookups>(), hub.Get<AccountHealth>(), options, signals);

    private static async Task<string?> OpenAsync(HubHost hub, FileOptions options, ISignals signals) => (await Places(hub, options, signals).OpenAsync(hub.Hub, Token)).Error?.Name;
}
