using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.Sinks.Blobs;
using Xunit;

namespace Gatehouse.Sinks.Tests;

/// <summary>Blobs of a storage endpoint, at a web server on loopback. That a storage account takes the signatures is shown with Azurite (conformance/18-routing).</summary>
public sealed class BlobSinkTests : IDisposable
{
    private const string Folder = "/acct/box/gatehouse/00/1970/01/01/00/00";

    private readonly LoopbackServer server;
    private readonly List<(string Path, WebHeaderCollection Headers, byte[] Body)> calls = [];
    private Func<int, (int Status, string Error)> answer = _ => (201, "");

    public BlobSinkTests() => server = new LoopbackServer(TakeAsync);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => server.Dispose();

    [Fact]
    public async Task A_batch_is_one_blob_of_JSON_lines_that_replaces_none()
    {
        Assert.Equal(SinkOutcome.All(2), await SendAsync(BlobEncoding.Json, Events.Of(0, "first"), Events.Of(1, "second")));

        var (path, headers, body) = Assert.Single(calls);
        Assert.Equal(Folder + ".json", path);
        Assert.Equal(("BlockBlob", "*", $"{body.Length}"), (headers["x-ms-blob-type"], headers["If-None-Match"], headers["Content-Length"]));
        Assert.StartsWith("SharedKey acct:", headers["Authorization"], StringComparison.Ordinal);
        var lines = Encoding.UTF8.GetString(body).Split("\r\n");
        Assert.Equal(("", 3), (lines[^1], lines.Length));
        Assert.Equal(["first", "second"], lines[..2].Select(line => Encoding.UTF8.GetString(JsonElement.Parse(line).GetProperty("Body").GetBytesFromBase64())));
    }

    [Theory]
    [InlineData(BlobEncoding.Avro)]
    [InlineData(BlobEncoding.AvroDeflate)]
    public async Task A_batch_is_one_Avro_file(BlobEncoding encoding)
    {
        Assert.Equal(SinkOutcome.All(1), await SendAsync(encoding, Events.Of(0, "first")));

        var (path, _, body) = Assert.Single(calls);
        Assert.Equal(Folder + ".avro", path);
        Assert.Equal("Obj\u0001"u8.ToArray(), body[..4]);
    }

    [Fact]
    public async Task A_name_in_use_gets_a_number_and_the_blob_is_the_same()
    {
        answer = call => call switch { 1 => (409, "BlobAlreadyExists"), 2 => (412, "ConditionNotMet"), _ => (201, "") };

        Assert.Equal(SinkOutcome.All(1), await SendAsync(BlobEncoding.Json, Events.Of(0, "first")));

        Assert.Equal([$"{Folder}.json", $"{Folder}_01.json", $"{Folder}_02.json"], calls.Select(call => call.Path));
        Assert.All(calls, call => Assert.Equal(calls[0].Body, call.Body));
    }

    [Fact]
    public async Task After_a_hundred_names_the_batch_waits()
    {
        answer = _ => (409, "BlobAlreadyExists");

        var outcome = await SendAsync(BlobEncoding.Json, Events.Of(0, "first"));

        Assert.Equal((SinkResult.Failed, 0, 100), (outcome.Result, outcome.Delivered, calls.Count));
        Assert.EndsWith("_99.json", calls[^1].Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, "AuthenticationFailed")]
    [InlineData(404, "ContainerNotFound")]
    [InlineData(409, "ContainerBeingDeleted")]
    [InlineData(503, "ServerBusy")]
    public async Task What_an_account_refuses_is_tried_again_later_and_told_with_its_words(int status, string error)
    {
        answer = _ => (status, error);

        Assert.Equal(SinkOutcome.Failed($"The storage account answered {status} {error}."), await SendAsync(BlobEncoding.Json, Events.Of(0, "first")));

        Assert.Single(calls);
    }

    private async Task<SinkOutcome> SendAsync(BlobEncoding encoding, params SinkEvent[] events)
    {
        var target = new BlobTarget
        {
            ConnectionString = $"AccountName=acct;AccountKey=bm90IGEga2V5IG9mIGFueWJvZHk=;BlobEndpoint=http://{server.Host}/acct",
            ContainerName = "box",
            FileNameFormat = BlobNameFormat.Parse(BlobNameFormat.Default, out _)!,
            Encoding = encoding,
            BatchFrequency = TimeSpan.FromMinutes(1),
            MaxChunkBytes = 10 << 20,
        };
        await using var sink = new BlobSink(target, new SinkOptions { AllowPrivateAddresses = true });
        return await sink.SendAsync(Events.Batch(events), Token);
    }

    private async Task TakeAsync(HttpListenerContext call)
    {
        using var body = new MemoryStream();
        await call.Request.InputStream.CopyToAsync(body);
        calls.Add((call.Request.RawUrl!, (WebHeaderCollection)call.Request.Headers, body.ToArray()));
        var (status, error) = answer(calls.Count);
        call.Response.StatusCode = status;
        if (error.Length > 0)
        {
            call.Response.AddHeader("x-ms-error-code", error);
        }
    }
}
