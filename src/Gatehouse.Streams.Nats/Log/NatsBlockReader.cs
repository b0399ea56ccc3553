using System.Globalization;
using System.Text;
using Gatehouse.Streams.Log;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Gatehouse.Streams.Nats.Log;

/// <summary>Reads the messages of one subject, and finds those that hold an event by halves over the stream's own numbers.</summary>
internal sealed class NatsBlockReader(NatsLink link, INatsJSStream stream, string subject, ILogger log)
{
    private const int Remembered = 16;
    private const int NotFound = 404;

    private readonly Lock gate = new();
    private readonly Place[] places = new Place[Remembered];
    private int nextPlace;

    private string Stream => stream.Info.Config.Name!;

    /// <summary>The last block, from the stream's leader; null when there is none.</summary>
    internal async Task<StoredBlock?> ReadLastAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = subject }, cancellationToken);
            return Open(answer.Message.Seq, answer.Message.Data.ToArray())
                ?? throw new IOException($"The last block of {subject} is damaged; remove message {answer.Message.Seq} from stream {Stream} to go on before it.");
        }
        catch (NatsJSApiException missing) when (missing.Error.Code == NotFound)
        {
            return null;
        }
    }

    internal Task<StoredBlock?> ReadFirstAsync(CancellationToken cancellationToken) => ReadFromAsync(1, cancellationToken);

    /// <summary>The block that holds the event, or the next one.</summary>
    internal async Task<StoredBlock?> ReadAsync(long sequenceNumber, ulong lastMessage, CancellationToken cancellationToken)
    {
        var found = PlaceOf(sequenceNumber) is { } message ? await ReadFromAsync(message, cancellationToken) : null;
        if (found is null || found.Value.Header.End <= sequenceNumber)
        {
            found = await FindAsync(header => header.End > sequenceNumber, lastMessage, cancellationToken);
        }

        if (found is { } block)
        {
            Remember(block);
        }

        return found;
    }

    /// <summary>The first block that meets a condition which all later ones meet too.</summary>
    internal async Task<StoredBlock?> FindAsync(Predicate<BlockHeader> condition, ulong lastMessage, CancellationToken cancellationToken)
    {
        var begin = await ReadFirstAsync(cancellationToken);
        if (begin is not { } first || condition(first.Header))
        {
            return begin;
        }

        StoredBlock? best = null;
        var (low, high) = (first.Message + 1, lastMessage + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var block = await ReadFromAsync(middle, cancellationToken);
            if (block is null)
            {
                high = middle;
            }
            else if (condition(block.Value.Header))
            {
                (best, high) = (block, middle);
            }
            else
            {
                low = block.Value.Message + 1;
            }
        }

        return best;
    }

    /// <summary>The first sound block at or after a message number.</summary>
    private async Task<StoredBlock?> ReadFromAsync(ulong message, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Any copy may answer a direct read, one that lags too; with several copies only the leader is asked.
            var answer = stream.Info.Config.NumReplicas <= 1
                ? await GetDirectAsync(message, cancellationToken)
                : await GetFromLeaderAsync(message, cancellationToken);
            if (answer is not { } stored)
            {
                return null;
            }

            if (Open(stored.Number, stored.Bytes) is { } block)
            {
                return block;
            }

            message = stored.Number + 1;
        }
    }

    private async Task<(ulong Number, byte[] Bytes)?> GetDirectAsync(ulong message, CancellationToken cancellationToken)
    {
        var answer = await link.Connection.RequestAsync<byte[], byte[]>(
            $"$JS.API.DIRECT.GET.{Stream}",
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"seq":{{message}},"next_by_subj":"{{subject}}"}""")),
            requestSerializer: NatsRawSerializer<byte[]>.Default,
            replySerializer: NatsRawSerializer<byte[]>.Default,
            cancellationToken: cancellationToken);
        if (answer.Headers is { Code: NotFound })
        {
            return null;
        }

        if (answer.Headers is not { Code: < 400 } headers || !ulong.TryParse(headers["Nats-Sequence"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new IOException($"The NATS server at {link.Address} refused a read of {subject}: {answer.Headers?.Code} {answer.Headers?.MessageText}.");
        }

        return (number, answer.Data ?? []);
    }

    private async Task<(ulong Number, byte[] Bytes)?> GetFromLeaderAsync(ulong message, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await stream.GetAsync(new StreamMsgGetRequest { Seq = message, NextBySubj = subject }, cancellationToken);
            return (answer.Message.Seq, answer.Message.Data.ToArray());
        }
        catch (NatsJSApiException missing) when (missing.Error.Code == NotFound)
        {
            return null;
        }
    }

    private StoredBlock? Open(ulong message, byte[] bytes)
    {
        if (BlockHeader.Verify(bytes, out var header) is { } damage)
        {
            log.NatsBlockDamaged(subject, message, damage);
            return null;
        }

        return new StoredBlock(message, header, bytes);
    }

    private ulong? PlaceOf(long sequenceNumber)
    {
        lock (gate)
        {
            foreach (var place in places)
            {
                if (place.Message != 0 && sequenceNumber >= place.First && sequenceNumber <= place.End)
                {
                    return sequenceNumber == place.End ? place.Message + 1 : place.Message;
                }
            }
        }

        return null;
    }

    private void Remember(in StoredBlock block)
    {
        lock (gate)
        {
            if (!Array.Exists(places, block.IsAt))
            {
                places[nextPlace++ % Remembered] = new Place(block.Header.First, block.Header.End, block.Message);
            }
        }
    }

    internal readonly record struct StoredBlock(ulong Message, BlockHeader Header, byte[] Bytes)
    {
        internal bool IsAt(Place place) => place.Message == Message;
    }

    internal readonly record struct Place(long First, long End, ulong Message);
}
