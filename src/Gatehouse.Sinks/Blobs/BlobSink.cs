using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Gatehouse.Sinks.Outbound;

namespace Gatehouse.Sinks.Blobs;

/// <summary>Writes batches as block blobs of a container, under the endpoint's file name format; a name in use gets a number.</summary>
public sealed class BlobSink : ISink
{
    private const int MaxNames = 100;

    private readonly BlobTarget target;
    private readonly StorageAccount account;
    private readonly HttpClient http;

    public BlobSink(BlobTarget target, SinkOptions options)
    {
        this.target = target;
        account = StorageAccount.Parse(target.ConnectionString);
        http = new HttpClient(OutboundHttp.NewHandler(options)) { Timeout = options.Timeout };
        Batching = new SinkBatching(int.MaxValue, (int)Math.Min(target.MaxChunkBytes, options.MaxBlobBytes), target.BatchFrequency);
    }

    public SinkBatching Batching { get; }

    public async Task<SinkOutcome> SendAsync(SinkBatch batch, CancellationToken cancellationToken)
    {
        var body = Encode(batch.Events);
        var name = target.FileNameFormat.Make(batch.Hub, batch.Partition, batch.Events[0].EnqueuedTime);
        for (var attempt = 0; attempt < MaxNames; attempt++)
        {
            var number = attempt == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"_{attempt:00}");
            var (status, error) = await PutAsync($"{name}{number}{Extension}", body, cancellationToken);
            switch (status)
            {
                case HttpStatusCode.Created:
                    return SinkOutcome.All(batch.Events.Count);
                case HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed when error is "BlobAlreadyExists" or "ConditionNotMet" or "":
                    continue;
                default:
                    return SinkOutcome.Failed(status == 0 ? error : $"The storage account answered {(int)status} {error}.");
            }
        }

        return SinkOutcome.Failed($"There are {MaxNames} blobs of the name '{name}' already.");
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Extension => target.Encoding == BlobEncoding.Json ? ".json" : ".avro";

    private async Task<(HttpStatusCode Status, string Error)> PutAsync(string name, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var request = account.Put(target.ContainerName, name, body);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return (answer.StatusCode, answer.Headers.TryGetValues("x-ms-error-code", out var codes) ? codes.First() : "");
        }
        catch (HttpRequestException error)
        {
            return (0, $"The storage account cannot be reached: {(error.InnerException ?? error).Message}");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (0, "The storage account did not answer in time.");
        }
    }

    private ReadOnlyMemory<byte> Encode(IReadOnlyList<SinkEvent> events)
    {
        if (target.Encoding != BlobEncoding.Json)
        {
            return AvroFile.Write(events, target.Encoding == BlobEncoding.AvroDeflate);
        }

        var buffer = new ArrayBufferWriter<byte>(EventJson.EstimateOf(events));
        using var writer = new Utf8JsonWriter(buffer);
        foreach (var each in events)
        {
            EventJson.Write(writer, each);
            writer.Flush();
            buffer.Write("\r\n"u8);
            writer.Reset();
        }

        return buffer.WrittenMemory;
    }
}
