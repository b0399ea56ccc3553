using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Telemetry;

namespace Gatehouse.Sinks.Blobs;

/// <summary>Writes events as an Avro object container file of one block, in the schema of the service's storage endpoints.</summary>
/// <remarks>Source: Apache Avro specification 1.11, "Object Container Files"; the schema is that of the files which the service writes (EnqueuedTimeUtc, Properties, SystemProperties, Body).</remarks>
internal static class AvroFile
{
    internal const string Schema = """
        {"type":"record","name":"Message","namespace":"Microsoft.Azure.Devices","fields":[{"name":"EnqueuedTimeUtc","type":"string"},{"name":"Properties","type":{"type":"map","values":"string"}},{"name":"SystemProperties","type":{"type":"map","values":"string"}},{"name":"Body","type":["null","bytes"]}]}
        """;

    // More than the head of any file.
    private const int HeadRoom = 1024;
    private const int SyncBytes = 16;

    /// <summary>The file. It lies in one buffer: the head, which says how long the block is, goes before the block when that is written.</summary>
    internal static ReadOnlyMemory<byte> Write(IReadOnlyList<SinkEvent> events, bool isDeflated)
    {
        var sync = RandomNumberGenerator.GetBytes(SyncBytes);
        var estimate = EventJson.EstimateOf(events);
        using var file = new MemoryStream(HeadRoom + SyncBytes + (isDeflated ? estimate / 4 : estimate)) { Position = HeadRoom };
        WriteBlock(file, events, isDeflated);
        using var head = Head(events.Count, file.Length - HeadRoom, isDeflated, sync);
        file.Write(sync);

        var (start, all) = (HeadRoom - (int)head.Length, file.GetBuffer());
        head.GetBuffer().AsSpan(0, (int)head.Length).CopyTo(all.AsSpan(start));
        return all.AsMemory(start, (int)file.Length - start);
    }

    private static MemoryStream Head(int count, long blockLength, bool isDeflated, byte[] sync)
    {
        var head = new MemoryStream(HeadRoom);
        head.Write("Obj\u0001"u8);
        WriteLong(head, 2);
        WriteText(head, "avro.schema");
        WriteText(head, Schema);
        WriteText(head, "avro.codec");
        WriteText(head, isDeflated ? "deflate" : "null");
        WriteLong(head, 0);
        head.Write(sync);
        WriteLong(head, count);
        WriteLong(head, blockLength);
        return head;
    }

    private static void WriteBlock(MemoryStream file, IReadOnlyList<SinkEvent> events, bool isDeflated)
    {
        if (!isDeflated)
        {
            WriteEvents(file, events);
            return;
        }

        using var deflate = new DeflateStream(file, CompressionLevel.Fastest, leaveOpen: true);
        WriteEvents(deflate, events);
    }

    private static void WriteEvents(Stream block, IReadOnlyList<SinkEvent> events)
    {
        foreach (var each in events)
        {
            WriteText(block, EventJson.TimeText(each.EnqueuedTime));
            WriteMap(block, EventJson.Properties(each.Record.Span).Select(pair => KeyValuePair.Create(pair.Key, pair.Value ?? "")));
            WriteMap(block, EventJson.SystemProperties(each));
            WriteLong(block, 1);
            WriteBytes(block, new EventReader(each.Record.Span).Body);
        }
    }

    private static void WriteMap(Stream to, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var list = pairs.ToList();
        if (list.Count > 0)
        {
            WriteLong(to, list.Count);
            foreach (var (key, value) in list)
            {
                WriteText(to, key);
                WriteText(to, value);
            }
        }

        WriteLong(to, 0);
    }

    private static void WriteText(Stream to, string text) => WriteBytes(to, Encoding.UTF8.GetBytes(text));

    private static void WriteBytes(Stream to, ReadOnlySpan<byte> bytes)
    {
        WriteLong(to, bytes.Length);
        to.Write(bytes);
    }

    // Zig-zag, then seven bits a byte.
    private static void WriteLong(Stream to, long value)
    {
        Span<byte> bytes = stackalloc byte[10];
        var (rest, length) = ((ulong)((value << 1) ^ (value >> 63)), 0);
        for (; rest >= 0x80; rest >>= 7)
        {
            bytes[length++] = (byte)(rest | 0x80);
        }

        bytes[length++] = (byte)rest;
        to.Write(bytes[..length]);
    }
}
