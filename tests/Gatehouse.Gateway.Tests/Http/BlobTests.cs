using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Files;
using Gatehouse.Hub.Registry;
using Gatehouse.Identity;
using Xunit;
using FileOptions = Gatehouse.Hub.Files.FileOptions;

namespace Gatehouse.Gateway.Tests.Http;

/// <summary>The embedded blob endpoint: what clients of Azure Storage write is read back, under tokens for single blobs and bounds.</summary>
public sealed class BlobTests
{
    [Fact]
    public async Task A_whole_blob_is_read_back_and_replaced()
    {
        await using var scene = await Scene.OpenAsync();
        var put = await scene.Upload.PutAsync("first"u8.ToArray(), headers: ("x-ms-blob-content-type", "text/plain"));
        Assert.Equal(201, put.Code);

        var read = await scene.Upload.GetAsync();
        Assert.Equal((200, "first", "text/plain", "BlockBlob", put.Header("ETag")), (read.Code, read.Text, read.Header("Content-Type"), read.Header("x-ms-blob-type"), read.Header("ETag")));
        var head = await scene.Upload.GetAsync("HEAD");
        Assert.Equal((200, "5", 0), (head.Code, head.Header("Content-Length"), head.Body.Length));
        var part = await scene.Upload.GetAsync("GET", ("x-ms-range", "bytes=1-2"));
        Assert.Equal((206, "ir", "bytes 1-2/5"), (part.Code, part.Text, part.Header("Content-Range")));
        Assert.Equal("InvalidRange", (await scene.Upload.GetAsync("GET", ("Range", "bytes=5-"))).Header("x-ms-error-code"));
        Assert.Equal(201, (await scene.Upload.PutAsync("second"u8.ToArray())).Code);
        Assert.Equal("second", (await scene.Upload.GetAsync()).Text);
        Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder));
    }

    [Theory]
    [InlineData("d1%2Fpath%2Fname.txt")]
    [InlineData("d1%2fpath%2fname.txt")]
    [InlineData("d1/path/name.txt")]
    public async Task The_slashes_of_a_name_may_be_encoded(string name)
    {
        await using var scene = await Scene.OpenAsync();

        Assert.Equal(201, (await scene.Upload.PutAsync([1], $"/uploads/{name}")).Code);

        Assert.Equal(200, (await scene.Upload.GetAsync()).Code);
    }

    [Fact]
    public async Task Blocks_become_a_blob_in_the_order_of_their_list()
    {
        await using var scene = await Scene.OpenAsync();
        foreach (var (id, body) in new[] { ("c", "three"), ("a", "old"), ("b", "two"), ("a", "one"), ("d", "left out") })
        {
            Assert.Equal(201, (await scene.Upload.PutBlockAsync(id, Encoding.ASCII.GetBytes(body))).Code);
        }

        var listed = await scene.Door.AskAsync("GET", $"{scene.Upload.Path}{scene.Upload.SasToken}&comp=blocklist&blocklisttype=all", null);
        Assert.Equal((200, 4), (listed.Code, listed.Text.Split("<Block>").Length - 1));
        Assert.Equal("BlobNotFound", (await scene.Upload.GetAsync()).Header("x-ms-error-code"));
        Assert.Equal(201, (await scene.Upload.PutBlockListAsync("a", "b", "c")).Code);

        var read = await scene.Upload.GetAsync();
        Assert.Equal(("onetwothree", "text/plain"), (read.Text, read.Header("Content-Type")));
        Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder));
        Assert.Equal("InvalidBlockList", (await scene.Upload.PutBlockListAsync("a")).Header("x-ms-error-code"));
    }

    [Theory]
    [InlineData("<BlockList><Latest>bm9uZQ==</Latest></BlockList>", "InvalidBlockList")]
    [InlineData("<BlockList><Committed>bm9uZQ==</Committed></BlockList>", "InvalidBlockList")]
    [InlineData("<BlockList><Other/></BlockList>", "InvalidXmlDocument")]
    [InlineData("<List/>", "InvalidXmlDocument")]
    [InlineData("", "InvalidXmlDocument")]
    [InlineData("<BlockList>", "InvalidXmlDocument")]
    [InlineData("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><BlockList><Latest>&e;</Latest></BlockList>", "InvalidXmlDocument")]
    public async Task A_list_that_is_none_is_refused(string xml, string code)
    {
        await using var scene = await Scene.OpenAsync();

        Assert.Equal((400, code), Fault(await scene.Upload.PutBlockListXmlAsync(xml)));
    }

    [Theory]
    [InlineData("sig=", "sig=A")]
    [InlineData("sp=rw", "sp=rwd")]
    [InlineData("sr=b", "sr=c")]
    [InlineData("spr=https", "spr=https,http")]
    [InlineData("se=20", "se=29")]
    [InlineData("sv=2020", "sv=2010")]
    [InlineData("si=", "si=0")]
    [InlineData("&si=", "&is=")]
    [InlineData("&sig", "&gis")]
    public async Task A_token_that_was_changed_opens_nothing(string what, string into)
    {
        await using var scene = await Scene.OpenAsync();

        Assert.Equal((403, "AuthenticationFailed"), Fault(await scene.Upload.PutAsync([1], token: scene.Upload.SasToken.Replace(what, into, StringComparison.Ordinal))));
        Assert.Empty(Directory.EnumerateFiles(scene.Host.FilesFolder));
    }

    [Fact]
    public async Task Whoever_tries_tokens_is_put_off_even_with_a_good_one()
    {
        await using var scene = await Scene.OpenAsync();
        var wrong = scene.Upload.SasToken.Replace("sig=", "sig=A", StringComparison.Ordinal);
        for (var i = 0; i < new BackoffOptions().RefusalsPerAddress; i++)
        {
            Assert.Equal(403, (await scene.Upload.PutAsync([1], token: wrong)).Code);
        }

        Assert.Equal((403, "AuthenticationFailed"), Fault(await scene.Upload.PutAsync([1])));

        scene.Host.Time.Advance(new BackoffOptions().Window * 2);
        Assert.Equal(201, (await scene.Upload.PutAsync([1])).Code);
    }

    [Fact]
    public async Task A_finished_upload_is_read_and_not_written_any_more()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.Upload.PutAsync("kept"u8.ToArray());
        (await scene.Upload.NotifyAsync(scene.Token)).ExpectDone();

        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutAsync("changed"u8.ToArray())));
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutBlockAsync("a", [1])));
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutBlockListAsync()));

        Assert.Equal("kept", (await scene.Upload.GetAsync()).Text);
    }

    [Fact]
    public async Task The_token_of_a_device_that_is_disabled_or_gone_opens_nothing()
    {
        await using var scene = await Scene.OpenAsync();
        Assert.Equal(201, (await scene.Upload.PutBlockAsync("a", [1])).Code);

        await scene.Host.RegisterAsync("d1", "disabled", IfMatch.Any);
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutAsync([1])));
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutBlockAsync("b", [1])));
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutBlockListAsync("a")));
        Assert.Equal((403, "AuthenticationFailed"), Fault(await scene.Upload.GetAsync()));
        await scene.Host.RegisterAsync("d1", "enabled", IfMatch.Any);
        Assert.Equal(201, (await scene.Upload.PutAsync([1])).Code);
        Assert.Equal(200, (await scene.Upload.GetAsync()).Code);

        scene.Host.Time.Advance(TimeSpan.FromSeconds(1));
        await scene.Host.Get<IdentityRegistry>().DeleteAsync(scene.Host.Hub, "policy:iothubowner", new IdentityKey(DeviceId.Parse("d1")), IfMatch.Any, TestContext.Current.CancellationToken);
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutAsync([2])));
        var token = await scene.Host.TokenOfNewAsync("d1");
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutAsync([2])));

        // Also while the new device of this name uploads a file of the same name.
        scene.Host.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await Upload.BeginAsync(scene.Door, token);
        Assert.Equal(201, (await second.PutBlockAsync("a", [3])).Code);
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutAsync([2])));
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutBlockAsync("a", [2])));
        Assert.Equal((403, "AuthorizationFailure"), Fault(await scene.Upload.PutBlockListAsync("a")));
        Assert.Equal((403, "AuthenticationFailed"), Fault(await scene.Upload.GetAsync()));
        Assert.Equal(201, (await second.PutAsync("new"u8.ToArray())).Code);
        (await second.NotifyAsync(token)).ExpectDone();
        Assert.Equal((403, "AuthenticationFailed"), Fault(await scene.Upload.GetAsync("HEAD")));
        Assert.Equal("new", (await second.GetAsync()).Text);
    }

    [Fact]
    public async Task The_end_of_one_upload_leaves_the_blocks_of_another_of_the_same_name()
    {
        await using var scene = await Scene.OpenAsync();
        var second = await Upload.BeginAsync(scene.Door, scene.Token);
        Assert.Equal(201, (await second.PutBlockAsync("a", [1])).Code);

        (await scene.Upload.NotifyAsync(scene.Token, isSuccess: false)).ExpectDone();
        Assert.Equal(201, (await second.PutBlockListAsync("a")).Code);

        Assert.Equal(201, (await second.PutBlockAsync("b", [1])).Code);
        (await second.NotifyAsync(scene.Token, isSuccess: false)).ExpectDone();
        Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder));
    }

    [Theory]
    [InlineData(10, 201)]
    [InlineData(11, 413)]
    public async Task The_size_of_a_file_is_bounded_whole_and_in_blocks(int size, int status)
    {
        await using var scene = await Scene.OpenAsync(new FileOptions { MaxFileBytes = 10 });
        Assert.Equal(201, (await scene.Upload.PutBlockAsync("a", new byte[5])).Code);
        Assert.Equal(status, (await scene.Upload.PutBlockAsync("b", new byte[size - 5])).Code);
        Assert.Equal(413, (await scene.Upload.PutBlockListAsync("a", "a", "a")).Code);

        Assert.Equal(status, (await scene.Upload.PutAsync(new byte[size])).Code);
    }

    [Theory]
    [InlineData(10, 201)]
    [InlineData(11, 507)]
    public async Task All_files_together_are_bounded(int size, int status)
    {
        await using var scene = await Scene.OpenAsync(new FileOptions { MaxTotalBytes = 15 });
        await scene.Upload.PutAsync(new byte[5]);
        var second = await Upload.BeginAsync(scene.Door, scene.Token, "second");

        Assert.Equal(status, (await second.PutBlockAsync("a", new byte[size])).Code);
    }

    [Theory]
    [InlineData(3, 201)]
    [InlineData(4, 507)]
    public async Task A_block_that_is_named_again_and_again_counts_each_time(int times, int status)
    {
        await using var scene = await Scene.OpenAsync(new FileOptions { MaxTotalBytes = 15 });
        await scene.Upload.PutBlockAsync("a", new byte[5]);

        Assert.Equal(status, (await scene.Upload.PutBlockListAsync([.. Enumerable.Repeat("a", times)])).Code);
        Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder));
    }

    [Fact]
    public async Task The_number_of_blocks_is_bounded()
    {
        await using var scene = await Scene.OpenAsync(new FileOptions { MaxBlocks = 2 });
        Assert.Equal(201, (await scene.Upload.PutBlockAsync("a", [1])).Code);
        Assert.Equal(201, (await scene.Upload.PutBlockAsync("b", [1])).Code);
        Assert.Equal(201, (await scene.Upload.PutBlockAsync("b", [2])).Code);

        Assert.Equal((409, "BlockCountExceedsLimit"), Fault(await scene.Upload.PutBlockAsync("c", [1])));
        Assert.Equal(2, Directory.EnumerateFiles(scene.Host.FilesFolder).Count());
    }

    [Fact]
    public async Task What_is_announced_must_hold()
    {
        await using var scene = await Scene.OpenAsync();
        var good = Convert.ToBase64String(MD5.HashData("x"u8));

        Assert.Equal("MissingContentLengthHeader", (await scene.Door.AskAsync("PUT", scene.Upload.Path + scene.Upload.SasToken, null, [1], isChunked: true, headers: ("x-ms-blob-type", "BlockBlob"))).Header("x-ms-error-code"));
        Assert.Equal("InvalidBlobType", (await scene.Door.AskAsync("PUT", scene.Upload.Path + scene.Upload.SasToken, null, [1], headers: ("x-ms-blob-type", "PageBlob"))).Header("x-ms-error-code"));
        Assert.Equal("Md5Mismatch", (await scene.Upload.PutAsync("y"u8.ToArray(), headers: ("Content-MD5", good))).Header("x-ms-error-code"));
        Assert.Equal(201, (await scene.Upload.PutAsync("x"u8.ToArray(), headers: ("Content-MD5", good))).Code);
        Assert.Equal("InvalidBlockId", (await scene.Door.AskAsync("PUT", $"{scene.Upload.Path}{scene.Upload.SasToken}&comp=block&blockid=..%2F..", null, [1])).Header("x-ms-error-code"));
        Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder));
    }

    [Fact]
    public async Task Two_hundred_megabytes_go_to_the_disk_and_not_to_memory()
    {
        const int Size = 200 << 20;
        await using var scene = await Scene.OpenAsync();
        var before = GC.GetTotalAllocatedBytes();

        Assert.Equal(201, await scene.Door.PutStreamAsync(scene.Upload.Path + scene.Upload.SasToken, Size));

        // Client and server are one process here: both together.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
        Assert.Equal(Size, new FileInfo(Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder))).Length);
    }

    [Fact]
    public async Task What_was_never_finished_is_removed()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.Upload.PutBlockAsync("a", [1]);
        var upkeep = scene.Host.Get<FileUpkeep>();
        await upkeep.RemoveUnfinishedAsync(TestContext.Current.CancellationToken);
        Assert.Single(Directory.EnumerateFiles(scene.Host.FilesFolder));

        scene.Host.Time.Advance(TimeSpan.FromHours(1));
        await upkeep.RemoveUnfinishedAsync(TestContext.Current.CancellationToken);

        Assert.Empty(Directory.EnumerateFiles(scene.Host.FilesFolder));
        var stray = Path.Combine(scene.Host.FilesFolder, "stray");
        await File.WriteAllTextAsync(stray, "", TestContext.Current.CancellationToken);
        await upkeep.RemoveStraysAsync(TestContext.Current.CancellationToken);
        Assert.True(File.Exists(stray));
        File.SetLastWriteTimeUtc(stray, DateTime.UtcNow.AddDays(-2));
        await upkeep.RemoveStraysAsync(TestContext.Current.CancellationToken);
        Assert.False(File.Exists(stray));
    }

    private static (int, string?) Fault(HttpDoor.Answer answer) => (answer.Code, answer.Header("x-ms-error-code"));

    private sealed record Scene(GatewayHost Host, HttpDoor Door, string Token, Upload Upload) : IAsyncDisposable
    {
        internal static async Task<Scene> OpenAsync(FileOptions? files = null)
        {
            var host = await GatewayHost.StartAsync(files: files);
            var door = await HttpDoor.OpenAsync(host);
            var token = await host.TokenOfNewAsync("d1");
            return new Scene(host, door, token, await Upload.BeginAsync(door, token));
        }

        public async ValueTask DisposeAsync()
        {
            await Door.DisposeAsync();
            await Host.DisposeAsync();
        }
    }
}
