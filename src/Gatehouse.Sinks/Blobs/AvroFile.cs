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

    internal static byte[] Write(IReadOnlyList<SinkEvent> events, bool isDeflated)
    {
        using var file = new MemoryStream();
        file.Write("Obj\u0001"u8);
        WriteLong(file, 2);
        WriteText(file, "avro.schema");
        WriteText(file, Schema);
        WriteText(file, "avro.codec");
        WriteText(file, isDeflated ? "deflate" : "null");
        WriteLong(file, 0);
        var sync = RandomNumberGenerator.GetBytes(16);
        file.Write(sync);

        var block = Block(events, isDeflated);
        WriteLong(file, events.Count);
        WriteLong(file, block.Length);
        file.Write(block);
        file.Write(sync);
        return file.ToArray();
    }

    private static byte[] Block(IReadOnlyList<SinkEvent> events, bool isDeflated)
    {
        using var plain = new MemoryStream();
        foreach (var each in events)
        {
            WriteText(plain, EventJson.TimeText(each.EnqueuedTime));
            WriteMap(plain, EventJson.Properties(each.Record.Span).Select(pair => KeyValuePair.Create(pair.Key, pair.Value ?? "")));
            WriteMap(plain, EventJson.SystemProperties(each));
            WriteLong(plain, 1);
            WriteBytes(plain, new EventReader(each.Record.Span).Body);
        }

        if (!isDeflated)
        {
            return plain.ToArray();
        }

        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            plain.WriteTo(deflate);
        }

        return packed.ToArray();
    }

    private static void WriteMap(MemoryStream to, IEnumerable<KeyValuePair<string, string>> pairs)
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

    private static void WriteText(MemoryStream to, string text) => WriteBytes(to, Encoding.UTF8.GetBytes(text));

    private static void WriteBytes(MemoryStream to, ReadOnlySpan<byte> bytes)
    {
        WriteLong(to, bytes.Length);
        to.Write(bytes);
    }

    // Zig-zag, then seven bits a byte.
    private static void WriteLong(MemoryStream to, long value)
    {
        var rest = (ulong)((value << 1) ^ (value >> 63));
        while (rest >= 0x80)
        {
            to.WriteByte((byte)(rest | 0x80));
            rest >>= 7;
        }

        to.WriteByte((byte)rest);
    }
}
