using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace Gatehouse.Gateway.Tests;

/// <summary>The other end of a session: packets as bytes, sent and expected.</summary>
internal sealed class DeviceDriver(PipedConnection connection, Task serving)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    internal PipedConnection Connection => connection;

    /// <summary>Completes when the server has left the session.</summary>
    internal Task Ended => serving.WaitAsync(Patience);

    internal async Task SendAsync(byte[] bytes) => await connection.ToServer.WriteAsync(bytes);

    /// <summary>The very next bytes must be these.</summary>
    internal async Task ExpectAsync(params byte[] expected)
    {
        using var patience = new CancellationTokenSource(Patience);
        var read = await connection.FromServer.ReadAtLeastAsync(expected.Length, patience.Token);
        var got = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, expected.Length)).ToArray();
        connection.FromServer.AdvanceTo(read.Buffer.GetPosition(got.Length));
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(got));
    }

    /// <summary>The very next packet must be a PUBLISH.</summary>
    internal async Task<Published> ReadPublishAsync()
    {
        var head = await ReadAsync(1);
        Assert.Equal(0x30, head[0] & 0xf0);
        var (length, shift) = (0, 0);
        byte part;
        do
        {
            part = (await ReadAsync(1))[0];
            length |= (part & 0x7f) << shift;
            shift += 7;
        }
        while (part > 0x7f);
        var body = await ReadAsync(length);
        var topicLength = BinaryPrimitives.ReadUInt16BigEndian(body);
        var qos = (head[0] >> 1) & 3;
        var payload = 2 + topicLength + (qos == 0 ? 0 : 2);
        return new Published(
            Encoding.UTF8.GetString(body, 2, topicLength), Encoding.UTF8.GetString(body.AsSpan(payload)), qos == 0 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(2 + topicLength)));
    }

    /// <summary>PUBACK.</summary>
    internal Task AcknowledgeAsync(ushort id) => SendAsync([0x40, 2, .. Number(id)]);

    /// <summary>Subscribes and waits until it is granted.</summary>
    internal async Task SubscribeAsync(string filter, byte qos = 0)
    {
        await SendAsync(Subscribe(99, (filter, qos)));
        await ExpectAsync(0x90, 3, 0, 99, qos);
    }

    internal async Task<byte[]> ReadAsync(int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        var read = await connection.FromServer.ReadAtLeastAsync(count, patience.Token);
        var got = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, count)).ToArray();
        connection.FromServer.AdvanceTo(read.Buffer.GetPosition(got.Length));
        Assert.Equal(count, got.Length);
        return got;
    }

    /// <summary>Nothing waits to be read.</summary>
    internal void ExpectNothing()
    {
        if (connection.FromServer.TryRead(out var read))
        {
            var got = Convert.ToHexString(read.Buffer.ToArray());
            connection.FromServer.AdvanceTo(read.Buffer.Start);
            Assert.Equal("", got);
        }
    }

    /// <summary>The server ends the connection for a reason that holds these words.</summary>
    internal async Task ExpectAbortAsync(string words)
    {
        Assert.Contains(words, await connection.Aborted.WaitAsync(Patience), StringComparison.Ordinal);
        await Ended;
    }

    internal static byte[] Connect(string clientId, byte[] password, bool cleanSession = true, ushort keepAlive = 60, string? userName = null, byte[]? will = null, byte willFlags = 0) => Frame(
        0x10,
        Text("MQTT"),
        [4, (byte)(0xc0 | (cleanSession ? 2 : 0) | willFlags)],
        Number(keepAlive),
        Text(clientId),
        will ?? [],
        Text(userName ?? $"localhost/{clientId}/?api-version=2021-04-12"),
        [.. Number((ushort)password.Length), .. password]);

    internal static byte[] Publish(string topic, string body, ushort id, byte qos = 1) =>
        Frame((byte)(0x30 | (qos << 1)), Text(topic), qos == 0 ? [] : Number(id), Encoding.UTF8.GetBytes(body));

    internal static byte[] Subscribe(ushort id, params (string Filter, byte Qos)[] filters) =>
        Frame(0x82, [Number(id), .. filters.Select(filter => (byte[])[.. Text(filter.Filter), filter.Qos])]);

    internal static byte[] Frame(byte header, params byte[][] fields)
    {
        var body = fields.SelectMany(static field => field).ToArray();
        List<byte> packet = [header];
        var rest = body.Length;
        do
        {
            packet.Add((byte)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
            rest >>= 7;
        }
        while (rest > 0);
        return [.. packet, .. body];
    }

    /// <param name="Topic">Topic.</param>
    /// <param name="Body">As text.</param>
    /// <param name="PacketId">0 for QoS 0.</param>
    internal sealed record Published(string Topic, string Body, ushort PacketId);

    internal static byte[] Text(string text) => [.. Number((ushort)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    internal static byte[] Number(ushort number)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, number);
        return bytes;
    }
}
