using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.Hub.Registry;
using Xunit;
using FileOptions = Gatehouse.Hub.Files.FileOptions;

namespace Gatehouse.Hub.Tests.Files;

/// <summary>No file stays that nothing counts, whatever happens while its bytes arrive; and bytes that never arrive take nobody else's room.</summary>
public sealed class BlobStoreTests
{
    private const string Name = "f";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_that_leaves_after_its_last_byte_leaves_a_file_that_counts(bool isBlock)
    {
        await using var scene = await Scene.OpenAsync();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var body = new HookedStream([1, 2, 3], atEnd: leaving.CancelAsync);

        await scene.PutAsync(body, isBlock, leaving.Token);

        Assert.Single(Directory.EnumerateFiles(scene.Folder));
        Assert.Equal(3, (await scene.Blobs.FindAsync(scene.Hub.Hub, scene.Blob, Token))?.Size ?? (await scene.Blobs.BlocksAsync(scene.Hub.Hub, scene.Blob, Token)).Sum(block => block.Size));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_arrives_while_its_device_is_disabled_is_not_kept(bool isBlock)
    {
        await using var scene = await Scene.OpenAsync();
        var body = new HookedStream([1, 2, 3], atEnd: async () => Assert.True((await scene.Hub.PutAsync("d1", IfMatch.Any, input => input with { Status = "disabled" })).IsOk));

        Assert.Equal("AuthorizationFailure", await scene.PutAsync(body, isBlock, Token));

        Assert.Empty(Directory.EnumerateFiles(scene.Folder));
    }

    [Theory]
    [InlineData(2, null)]
    [InlineData(3, "ServerBusy")]
    public async Task One_blob_takes_the_room_of_twice_a_file_while_its_bytes_do_not_come(int bodies, string? error)
    {
        await using var scene = await Scene.OpenAsync();
        var come = new TaskCompletionSource();
        var slow = Enumerable.Range(1, bodies - 1).Select(_ => scene.PutAsync(new HookedStream(new byte[10], atEnd: () => come.Task), false, Token)).ToList();

        Assert.Equal(error, await scene.PutAsync(new HookedStream(new byte[10]), false, Token));

        come.SetResult();
        Assert.All(await Task.WhenAll(slow), Assert.Null);
        Assert.Null(await scene.PutAsync(new HookedStream(new byte[10]), false, Token));
    }

    [Fact]
    public void What_is_on_its_way_counts_for_its_hub_and_its_blob_alone_until_it_ends()
    {
        var (arriving, one, two) = (new ArrivingBytes(), HubName.Parse("one"), HubName.Parse("two"));
        var first = arriving.Begin(one, "a", 10);
        using var second = arriving.Begin(one, "b", 5);
        using var other = arriving.Begin(two, "a", 1);
        Assert.Equal((15L, 5L, 1L, 1L), (second.OfHub, second.OfBlob, other.OfHub, other.OfBlob));

        first.Dispose();

        using var last = arriving.Begin(one, "a", 1);
        Assert.Equal((6L, 1L), (last.OfHub, last.OfBlob));
    }

    private sealed record Scene(HubHost Hub, string Folder, string Blob, string Upload) : IAsyncDisposable
    {
        internal BlobStore Blobs => Hub.Get<BlobStore>();

        internal static async Task<Scene> OpenAsync()
        {
            var folder = Directory.CreateTempSubdirectory("gatehouse-blobs-").FullName;
            var hub = await HubHost.StartAsync(new HubOptions { Files = new FileOptions { Folder = folder, MaxFileBytes = 10 } });
            await hub.PutAsync("d1");
            var ticket = (await hub.Get<FileUploads>().InitializeAsync(hub.Hub, DeviceId.Parse("d1"), Name, Token)).Value;
            return new Scene(hub, folder, ticket.BlobName, ticket.CorrelationId);
        }

        /// <summary>Name of the error; null for none.</summary>
        internal async Task<string?> PutAsync(HookedStream body, bool isBlock, CancellationToken cancellationToken)
        {
            var content = new BlobContent(body, body.Size);
            return isBlock
                ? (await Blobs.PutBlockAsync(Hub.Hub, Blob, Upload, "YQ==", content, cancellationToken)).Error?.Name
                : (await Blobs.PutAsync(Hub.Hub, Blob, Upload, content, cancellationToken)).Error?.Name;
        }

        public async ValueTask DisposeAsync()
        {
            await Hub.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>A body, and something that happens when all of it was read.</summary>
    private sealed class HookedStream(byte[] bytes, Func<Task>? atEnd = null) : MemoryStream(bytes, writable: false)
    {
        internal int Size { get; } = bytes.Length;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = Read(buffer.Span);
            if (count == 0 && atEnd is not null)
            {
                await atEnd();
            }

            return count;
        }
    }
}
