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
    public async Task A_device_takes_the_room_of_two_files_while_its_bytes_do_not_come_however_many_it_sends(int bodies, string? error)
    {
        await using var first = await Scene.OpenAsync();
        var scene = await first.BeginAsync("other");
        var come = new TaskCompletionSource();
        var slow = Enumerable.Range(1, bodies - 1).Select(i => (i == 1 ? first : scene).PutAsync(new HookedStream(new byte[10], atEnd: () => come.Task), false, Token)).ToList();

        Assert.Equal(error, await scene.PutAsync(new HookedStream(new byte[10]), false, Token));

        come.SetResult();
        Assert.All(await Task.WhenAll(slow), Assert.Null);
        Assert.Null(await scene.PutAsync(new HookedStream(new byte[10]), false, Token));
    }

    [Fact]
    public async Task A_body_that_takes_longer_than_a_day_is_ended_and_leaves_nothing()
    {
        await using var scene = await Scene.OpenAsync();
        var put = scene.PutAsync(new StuckStream(), false, Token);
        await Routing.RoutingHost.UntilAsync(() => Task.FromResult(Directory.EnumerateFiles(scene.Folder).Any()));

        scene.Hub.Time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        await Task.Delay(50, Token);
        Assert.False(put.IsCompleted);
        scene.Hub.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("OperationTimedOut", await put.WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Empty(Directory.EnumerateFiles(scene.Folder));
    }

    [Fact]
    public void What_is_on_its_way_counts_for_its_hub_and_its_device_alone_until_it_ends()
    {
        var (arriving, one, two) = (new ArrivingBytes(), HubName.Parse("one"), HubName.Parse("two"));
        var first = arriving.Begin(one, "a/1", 10);
        using var second = arriving.Begin(one, "b/1", 5);
        using var third = arriving.Begin(one, "a/2/x", 2);
        using var other = arriving.Begin(two, "a/1", 1);
        Assert.Equal((15L, 5L, 17L, 12L, 1L, 1L), (second.OfHub, second.OfDevice, third.OfHub, third.OfDevice, other.OfHub, other.OfDevice));

        first.Dispose();

        using var last = arriving.Begin(one, "a/1", 1);
        Assert.Equal((8L, 3L), (last.OfHub, last.OfDevice));
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

        /// <summary>Another blob of the same device.</summary>
        internal async Task<Scene> BeginAsync(string name)
        {
            var ticket = (await Hub.Get<FileUploads>().InitializeAsync(Hub.Hub, DeviceId.Parse("d1"), name, Token)).Value;
            return this with { Blob = ticket.BlobName, Upload = ticket.CorrelationId };
        }

        /// <summary>Name of the error; null for none.</summary>
        internal async Task<string?> PutAsync(MemoryStream body, bool isBlock, CancellationToken cancellationToken)
        {
            var content = new BlobContent(body, body.Length);
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

    /// <summary>A body that does not come.</summary>
    private sealed class StuckStream() : MemoryStream(new byte[10], writable: false)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    /// <summary>A body, and something that happens when all of it was read.</summary>
    private sealed class HookedStream(byte[] bytes, Func<Task>? atEnd = null) : MemoryStream(bytes, writable: false)
    {
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
