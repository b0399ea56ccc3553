using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Gatehouse.Contracts.Telemetry;
using Gatehouse.Sinks.Blobs;
using Xunit;

namespace Gatehouse.Sinks.Tests;

/// <summary>Avro files, read back as the specification of object container files says.</summary>
public sealed class AvroFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_holds_its_events_and_nothing_else(bool isDeflated)
    {
        var large = new string('x', 100_000);
        SinkEvent[] events = [Events.Of(0, "first"), Events.Of(1, ""), Full(large)];

        var file = new AvroText(AvroFile.Write(events, isDeflated).ToArray());

        Assert.Equal("Obj\u0001", Encoding.ASCII.GetString(file.Take(4)));
        var metadata = file.Map();
        Assert.Equal(["avro.codec", "avro.schema"], metadata.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(isDeflated ? "deflate" : "null", metadata["avro.codec"]);
        Assert.Equal(["EnqueuedTimeUtc", "Properties", "SystemProperties", "Body"], JsonElement.Parse(metadata["avro.schema"]).GetProperty("fields").EnumerateArray().Select(field => field.GetProperty("name").GetString()));
        var sync = file.Take(16);
        Assert.Equal(3, file.Long());
        var block = new AvroText(Plain(file.Bytes(), isDeflated));
        Assert.Equal(sync, file.Take(16));
        Assert.True(file.IsAtEnd);

        var read = events.Select(_ => (Time: block.Text(), Properties: block.Map(), System: block.Map(), Branch: block.Long(), Body: Encoding.UTF8.GetString(block.Bytes()))).ToList();
        Assert.True(block.IsAtEnd);
        Assert.Equal(["first", "", large], read.Select(each => each.Body));
        Assert.All(read, each => Assert.Equal(("1970-01-01T00:00:00.0000000Z", 1L, "d1"), (each.Time, each.Branch, each.System["connectionDeviceId"])));
        Assert.Equal([0, 0, 2], read.Select(each => each.Properties.Count));
        Assert.Equal(("wärme", ""), (read[2].Properties["level"], read[2].Properties["none"]));
    }

    private static SinkEvent Full(string body)
    {
        var writer = new EventWriter(new byte[256]);
        writer.TryAdd(EventField.ConnectionDeviceId, "d1"u8);
        writer.TryAddApplication("level"u8, "wärme"u8);
        writer.TryAddApplicationNull("none"u8);
        return new SinkEvent(2, DateTimeOffset.UnixEpoch, (byte[])[.. writer.Complete(), .. Encoding.UTF8.GetBytes(body)]);
    }

    private static byte[] Plain(byte[] block, bool isDeflated)
    {
        if (!isDeflated)
        {
            return block;
        }

        using var plain = new MemoryStream();
        using var inflate = new DeflateStream(new MemoryStream(block), CompressionMode.Decompress);
        inflate.CopyTo(plain);
        return plain.ToArray();
    }

    private sealed class AvroText(byte[] bytes)
    {
        private int at;

        internal bool IsAtEnd => at == bytes.Length;

        internal byte[] Take(int count) => bytes[at..(at += count)];

        internal long Long()
        {
            var (value, shift) = (0UL, 0);
            for (; bytes[at] >= 0x80; shift += 7)
            {
                value |= (ulong)(bytes[at++] & 0x7f) << shift;
            }

            value |= (ulong)bytes[at++] << shift;
            return (long)(value >> 1) ^ -(long)(value & 1);
        }

        internal byte[] Bytes() => Take((int)Long());

        internal string Text() => Encoding.UTF8.GetString(Bytes());

        internal Dictionary<string, string> Map()
        {
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var count = Long(); count != 0; count = Long())
            {
                for (; count > 0; count--)
                {
                    var key = Text();
                    map.Add(key, Text());
                }
            }

            return map;
        }
    }
}
