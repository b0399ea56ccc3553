using System.Buffers.Binary;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Gatehouse.Streams.Nats.Log;

/// <summary>The blocks of one partition: the messages of one subject.</summary>
internal sealed class NatsPartition(NatsLink link, INatsJSStream stream, string subject, ILogger log) : IPartitionBlocks
{
    private const int WrongLastSequence = 10071;
    private const int EncodedTailLength = 32;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly NatsBlockReader reader = new(link, stream, subject, log);
    private PartitionTail tail = PartitionTail.Empty;
    private ulong lastMessage;
    private bool isTailCertain;

    internal string Subject { get; } = subject;

    internal string Hub { get; } = subject.Split('.')[^2];

    /// <summary>To be called when another node appended.</summary>
    internal required Action<PartitionTail> Advanced { get; init; }

    /// <summary>Numbers and publishes one block; tries again over lost connections and other nodes' appends until told to give up.</summary>
    internal async Task WriteAsync(PendingBlock block, long now, long writer, CancellationToken cancellationToken)
    {
        BlockHeader? attempted = null;
        while (true)
        {
            try
            {
                // An attempt whose answer was lost may have been stored after all: then it is the tail now.
                if (!isTailCertain && await RereadTailAsync(cancellationToken) is { } last && last == attempted)
                {
                    return;
                }

                var publish = PublishAsync(block, now, writer, cancellationToken);
                attempted = block.Header;
                if (await publish)
                {
                    return;
                }
            }
            catch (Exception error) when (IsPassing(error) && !cancellationToken.IsCancellationRequested)
            {
                log.NatsCommitRetried(Subject, error.Message);
                await Task.Delay(RetryPause, cancellationToken);
            }
        }
    }

    /// <summary>Asks the stream's leader for the tail; returns the header of the last block.</summary>
    internal async Task<BlockHeader?> RereadTailAsync(CancellationToken cancellationToken)
    {
        var last = await reader.ReadLastAsync(cancellationToken);
        lock (gate)
        {
            // Whatever the subject was purged to, the numbering goes on.
            lastMessage = last?.Message ?? 0;
            tail = last is { } found && found.Header.End >= tail.Next ? found.Header.Tail : tail;
            isTailCertain = true;
        }

        return last?.Header;
    }

    internal byte[] EncodeTail()
    {
        var encoded = new byte[EncodedTailLength];
        lock (gate)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(encoded, lastMessage);
            BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(8), tail.Next);
            BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(16), tail.LastTime);
            BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(24), tail.EndBytes);
        }

        return encoded;
    }

    internal void TakeAnnouncedTail(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length != EncodedTailLength)
        {
            return;
        }

        var message = BinaryPrimitives.ReadUInt64LittleEndian(encoded);
        var announced = new PartitionTail(
            BinaryPrimitives.ReadInt64LittleEndian(encoded[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(encoded[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(encoded[24..]));
        lock (gate)
        {
            if (message <= lastMessage || announced.Next <= tail.Next)
            {
                return;
            }

            (lastMessage, tail) = (message, announced);
        }

        Advanced(announced);
    }

    public async ValueTask<PartitionEnds> GetEndsAsync(CancellationToken cancellationToken)
    {
        var first = await reader.ReadFirstAsync(cancellationToken);
        var last = await reader.ReadLastAsync(cancellationToken);
        lock (gate)
        {
            if (last is { } found && found.Message > lastMessage && found.Header.End > tail.Next)
            {
                (lastMessage, tail) = (found.Message, found.Header.Tail);
            }

            return new PartitionEnds(first?.Header.First ?? tail.Next, tail);
        }
    }

    public async ValueTask<byte[]?> ReadAsync(long sequenceNumber, CancellationToken cancellationToken) =>
        (await reader.ReadAsync(sequenceNumber, LastMessage, cancellationToken))?.Bytes;

    public async ValueTask<long> FindAsync(BlockField field, long value, CancellationToken cancellationToken)
    {
        var found = await reader.FindAsync(header => (field == BlockField.Time ? header.Time : header.StartBytes) >= value, LastMessage, cancellationToken);
        lock (gate)
        {
            return found?.Header.First ?? tail.Next;
        }
    }

    public async ValueTask TrimAsync(long sequenceNumber, CancellationToken cancellationToken)
    {
        var last = LastMessage;
        var keep = await reader.FindAsync(header => header.End > sequenceNumber, last, cancellationToken);
        await link.JetStream.PurgeStreamAsync(
            stream.Info.Config.Name!,
            new StreamPurgeRequest { Filter = Subject, Seq = keep is { } block ? Math.Min(block.Message, last) : last },
            cancellationToken);
    }

    private ulong LastMessage
    {
        get
        {
            lock (gate)
            {
                return lastMessage;
            }
        }
    }

    private static bool IsPassing(Exception error) => error is NatsException or NatsJSException or TimeoutException or IOException or OperationCanceledException;

    /// <summary>False when another node was faster; an exception when there was no answer or another refusal.</summary>
    private async Task<bool> PublishAsync(PendingBlock block, long now, long writer, CancellationToken cancellationToken)
    {
        ulong expected;
        lock (gate)
        {
            block.Seal(tail, now, writer);
            expected = lastMessage;
        }

        // Until the answer is in, nobody knows what the tail is.
        isTailCertain = false;
        var options = new NatsJSPubOpts { ExpectedLastSubjectSequence = expected };
        var result = await link.JetStream.TryPublishAsync(Subject, block.Bytes, NatsRawSerializer<ReadOnlyMemory<byte>>.Default, options, cancellationToken: cancellationToken);
        if (!result.Success)
        {
            throw result.Error;
        }

        if (result.Value.Error is { } refused)
        {
            return refused.ErrCode == WrongLastSequence ? false : throw new IOException(refused.Description);
        }

        lock (gate)
        {
            isTailCertain = true;
            if (result.Value.Seq > lastMessage)
            {
                (lastMessage, tail) = (result.Value.Seq, block.Header.Tail);
            }
        }

        return true;
    }
}
