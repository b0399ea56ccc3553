using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Gatehouse.Streams.Nats.Log;

/// <summary>Blocks as JetStream messages: a stream per hub, a subject per partition, one message per block.</summary>
/// <remarks>
/// A publish names the last message that it expects on its subject, so that two nodes cannot both append the same numbers: the second is refused, reads the
/// new tail and numbers its block anew. After each commit a node announces the new tail to the others, whose readers wait for it.
/// </remarks>
internal sealed class NatsBlockStore : IBlockStore
{
    private const string TailSubject = "gatehouse.tails";

    /// <summary>Room for the headers of a publish, bytes; ours are below 100.</summary>
    private const int HeaderAllowance = 1024;

    private readonly NatsLink link;
    private readonly ILogger log;
    private readonly ConcurrentDictionary<string, NatsPartition> bySubject = new(StringComparer.Ordinal);
    private readonly long writer = BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long)));
    private readonly CancellationTokenSource stopping = new();
    private NatsListener? tails;

    internal NatsBlockStore(NatsLink link, ILogger<NatsBlockStore> log) => (this.link, this.log) = (link, log);

    public bool IsShared => true;

    public async ValueTask<IReadOnlyList<IPartitionBlocks>> OpenAsync(string hub, int partitionCount, Action<int, PartitionTail> advanced, CancellationToken cancellationToken)
    {
        await link.ConnectAsync(cancellationToken);
        RequireMessageSize();
        var stream = await OpenStreamAsync(hub, partitionCount, cancellationToken);
        var count = stream.Info.Config.Subjects?.Count ?? 0;
        var opened = new NatsPartition[count];
        for (var index = 0; index < count; index++)
        {
            var partitionIndex = index;
            opened[index] = new NatsPartition(link, stream, SubjectOf(hub, index), log) { Advanced = tail => advanced(partitionIndex, tail) };
            bySubject[TailOf(hub, index)] = opened[index];
        }

        tails ??= new NatsListener(link, $"{TailSubject}.>", OnTailHeard, log);
        link.AddHub(hub);
        return opened;
    }

    public void Write(IReadOnlyList<PendingBlock> blocks, long now)
    {
        var chains = new Dictionary<NatsPartition, List<PendingBlock>>();
        foreach (var block in blocks)
        {
            var partition = (NatsPartition)block.Partition.Blocks;
            if (!chains.TryGetValue(partition, out var chain))
            {
                chains[partition] = chain = [];
            }

            chain.Add(block);
        }

        // The commit thread is the log's own; it may block. Partitions travel side by side.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        patience.CancelAfter(link.Options.CommitTimeout);
        Task.WhenAll(chains.Select(each => WriteChainAsync(each.Key, each.Value, now, patience.Token))).GetAwaiter().GetResult();
    }

    public void Recover()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        patience.CancelAfter(link.Options.RequestTimeout * 2);
        try
        {
            Task.WhenAll(bySubject.Values.Select(each => each.RereadTailAsync(patience.Token))).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException late)
        {
            throw new IOException($"The NATS server at {link.Address} does not answer.", late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        if (tails is not null)
        {
            await tails.DisposeAsync();
        }
    }

    private static string StreamOf(string hub) => $"gatehouse-events-{hub}";

    private static string SubjectOf(string hub, int index) => string.Create(CultureInfo.InvariantCulture, $"gatehouse.events.{hub}.{index}");

    private static string TailOf(string hub, int index) => string.Create(CultureInfo.InvariantCulture, $"{TailSubject}.{hub}.{index}");

    private async Task WriteChainAsync(NatsPartition partition, List<PendingBlock> chain, long now, CancellationToken cancellationToken)
    {
        for (var i = 0; i < chain.Count; i++)
        {
            try
            {
                await partition.WriteAsync(chain[i], now, writer, cancellationToken);
            }
            catch (Exception error)
            {
                var failure = new IOException($"The NATS server at {link.Address} did not take a commit: {error.Message}", error);
                chain[i..].ForEach(each => each.Error = failure);
                return;
            }
        }

        await AnnounceAsync(chain[^1].Partition, partition);
    }

    private async Task AnnounceAsync(LogPartition partition, NatsPartition blocks)
    {
        try
        {
            await link.Connection.PublishAsync(TailOf(blocks.Hub, partition.Index), blocks.EncodeTail(), serializer: NatsRawSerializer<byte[]>.Default, cancellationToken: stopping.Token);
        }
        catch (Exception error)
        {
            // Others see the tail when they next look.
            log.NatsCommitRetried(blocks.Subject, error.Message);
        }
    }

    private void OnTailHeard(NatsMsg<byte[]> message)
    {
        if (bySubject.TryGetValue(message.Subject, out var partition))
        {
            partition.TakeAnnouncedTail(message.Data);
        }
    }

    private void RequireMessageSize()
    {
        var needed = Math.Max(link.Options.Log.MaxRecordBytes, link.Options.Log.BlockBytes) + BlockHeader.Size + BlockHeader.RecordPrefix + HeaderAllowance;
        if (link.Connection.ServerInfo is { } server && server.MaxPayload < needed)
        {
            throw new IOException($"The NATS server at {link.Address} takes messages of {server.MaxPayload} bytes; set max_payload to at least {needed}.");
        }
    }

    private async ValueTask<INatsJSStream> OpenStreamAsync(string hub, int partitionCount, CancellationToken cancellationToken)
    {
        try
        {
            return await link.JetStream.GetStreamAsync(StreamOf(hub), cancellationToken: cancellationToken);
        }
        catch (NatsJSApiException missing) when (missing.Error.Code == 404)
        {
            // Nothing expires by itself: retention removes blocks but keeps the last of each partition, which carries the numbering (decisions/0006).
            return await link.JetStream.CreateStreamAsync(
                new StreamConfig(StreamOf(hub), [.. Enumerable.Range(0, partitionCount).Select(index => SubjectOf(hub, index))])
                {
                    Description = "Gatehouse event log: a subject per partition, a block of events per message",
                    Storage = StreamConfigStorage.File,
                    Retention = StreamConfigRetention.Limits,
                    NumReplicas = link.Options.Replicas,
                    AllowDirect = true,
                },
                cancellationToken);
        }
    }
}
