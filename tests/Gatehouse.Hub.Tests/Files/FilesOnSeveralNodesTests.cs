using Gatehouse.Contracts.Signals;
using Gatehouse.Hub.Files;
using Gatehouse.Sinks.Blobs;
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

    private static async Task<string?> OpenAsync(HubHost hub, FileOptions options, ISignals signals)
    {
        var places = new UploadPlaces(hub.Get<FileUploadDefinitions>(), hub.Get<EmbeddedPlace>(), hub.Get<BlobLookups>(), hub.Get<AccountHealth>(), options, signals);
        return (await places.OpenAsync(hub.Hub, Token)).Error?.Name;
    }
}
