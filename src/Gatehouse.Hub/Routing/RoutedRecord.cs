using System.Globalization;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Streams.Log;

namespace Gatehouse.Hub.Routing;

/// <summary>Writes the head of a record for one endpoint: what was taken in, where and when that was, and the enrichments. Used by one worker.</summary>
internal sealed class RoutedRecord
{
    private const int PrefixLength = 4;
    private const int StampBytes = 64;

    private byte[] buffer = new byte[16 * 1024];

    /// <summary>The head, valid until the next call; the body of the record stays where it is.</summary>
    /// <param name="stored">As taken in.</param>
    /// <param name="enrichments">Of the endpoint; none for events that get none.</param>
    /// <param name="twin">The sender's twin, where an enrichment asks for it.</param>
    /// <param name="maxHeadBytes">The enrichments are left out when the head would be larger.</param>
    internal ReadOnlySpan<byte> Head(in StoredEvent stored, IReadOnlyList<CompiledEnrichment> enrichments, JsonElement? twin, int maxHeadBytes)
    {
        var fields = FieldsOf(stored.Record.Span);
        Reserve(PrefixLength + fields.Length + StampBytes + (enrichments.Count * 8192));
        var head = Write(fields, stored, enrichments, twin);
        return head.Length <= maxHeadBytes ? head : Write(fields, stored, [], null);
    }

    /// <summary>The head of a dead letter that goes into the queue again: without its place in the intake, which the router would take for the last that it carried on.</summary>
    internal ReadOnlySpan<byte> ReplayHead(ReadOnlySpan<byte> record)
    {
        Reserve(PrefixLength + FieldsOf(record).Length);
        var writer = new EventWriter(buffer);
        var reader = new EventReader(record);
        while (reader.Read())
        {
            switch (reader.Field)
            {
                case EventField.RouteSequence:
                    break;
                case EventField.Application:
                    writer.TryAddApplication(reader.Key, reader.Value);
                    break;
                case EventField.ApplicationNull:
                    writer.TryAddApplicationNull(reader.Key);
                    break;
                default:
                    writer.TryAdd(reader.Field, reader.Value);
                    break;
            }
        }

        return writer.Complete();
    }

    internal static ReadOnlyMemory<byte> BodyOf(ReadOnlyMemory<byte> record) => record[(PrefixLength + FieldsOf(record.Span).Length)..];

    /// <summary>Sequence number where a routed record came in; −1 when it has none.</summary>
    internal static long SequenceOf(ReadOnlySpan<byte> record)
    {
        var reader = new EventReader(record);
        var sequence = -1L;
        while (reader.Read())
        {
            if (reader.Field == EventField.RouteSequence && long.TryParse(reader.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var found))
            {
                sequence = found;
            }
        }

        return sequence;
    }

    /// <summary>Whether the router wrote the record, also when it was a dead letter since: one that came straight does not say when it was taken in.</summary>
    internal static bool IsRouted(ReadOnlySpan<byte> record)
    {
        var reader = new EventReader(record);
        while (reader.Read())
        {
            if (reader.Field == EventField.EnqueuedTime)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>When the hub took a routed record in.</summary>
    internal static DateTimeOffset EnqueuedTimeOf(in StoredEvent stored)
    {
        var reader = new EventReader(stored.Record.Span);
        while (reader.Read())
        {
            if (reader.Field == EventField.EnqueuedTime && long.TryParse(reader.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var found))
            {
                return DateTimeOffset.FromUnixTimeMilliseconds(found);
            }
        }

        return stored.EnqueuedTime;
    }

    private static ReadOnlySpan<byte> FieldsOf(ReadOnlySpan<byte> record) => record.Slice(PrefixLength, (record[1] << 16) | (record[2] << 8) | record[3]);

    private ReadOnlySpan<byte> Write(ReadOnlySpan<byte> fields, in StoredEvent stored, IReadOnlyList<CompiledEnrichment> enrichments, JsonElement? twin)
    {
        Span<byte> number = stackalloc byte[20];
        var writer = new EventWriter(buffer);
        writer.TryAddEncoded(fields);
        stored.EnqueuedTime.ToUnixTimeMilliseconds().TryFormat(number, out var length, provider: CultureInfo.InvariantCulture);
        writer.TryAdd(EventField.EnqueuedTime, number[..length]);
        stored.SequenceNumber.TryFormat(number, out length, provider: CultureInfo.InvariantCulture);
        writer.TryAdd(EventField.RouteSequence, number[..length]);
        foreach (var enrichment in enrichments)
        {
            writer.TryAddApplication(enrichment.Key, enrichment.ValueFor(twin));
        }

        return writer.Complete();
    }

    private void Reserve(int size)
    {
        if (buffer.Length < size)
        {
            buffer = new byte[Math.Max(size, buffer.Length * 2)];
        }
    }
}
