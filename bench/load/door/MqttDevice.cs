using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Bench.Door;

/// <summary>What a device does with a message; the payload is gone after the call.</summary>
internal delegate void OnPublish(MqttDevice device, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload);

/// <summary>As little of an MQTT 3.1.1 client as a device needs: one thread of work per connection, messages of QoS 1 acknowledged as they come.</summary>
internal sealed class MqttDevice
{
    private readonly SslStream stream;
    private readonly OnPublish onPublish;
    private readonly SemaphoreSlim writing = new(1);
    private readonly TaskCompletionSource ready = new();
    private byte[] buffer = new byte[16384];

    private MqttDevice(SslStream stream, int number, OnPublish onPublish) => (this.stream, Number, this.onPublish) = (stream, number, onPublish);

    internal int Number { get; }

    internal static async Task<MqttDevice> ConnectAsync(Settings settings, int number, IReadOnlyList<string> filters, OnPublish onPublish)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", settings.MqttPort);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(settings.Tls());
        var device = new MqttDevice(stream, number, onPublish);
        await device.SendAsync(0x10, [.. Text("MQTT"), 4, 0xC2, 0, 240, .. Text($"dev{number}"), .. Text($"localhost/dev{number}/?api-version=2021-04-12"), .. Text(settings.DeviceToken(number))]);
        if (filters.Count > 0)
        {
            await device.SendAsync(0x82, [0, 1, .. filters.SelectMany(filter => (byte[])[.. Text(filter.Replace("{device}", $"dev{number}", StringComparison.Ordinal)), 1])]);
        }
        else
        {
            device.ready.TrySetResult();
        }

        _ = device.ReadAsync();
        await device.ready.Task;
        return device;
    }

    /// <summary>QoS 0: its answer, where there is one, is another message.</summary>
    internal Task PublishAsync(string topic, byte[] payload) => SendAsync(0x30, [.. Text(topic), .. payload]);

    private static byte[] Text(string text)
    {
        var bytes = new byte[2 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(bytes.Length - 2));
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(2));
        return bytes;
    }

    private async Task SendAsync(byte head, byte[] body)
    {
        var packet = new List<byte>(body.Length + 5) { head };
        for (var left = body.Length; ;)
        {
            packet.Add((byte)((left & 127) | (left > 127 ? 128 : 0)));
            left >>= 7;
            if (left == 0)
            {
                break;
            }
        }

        packet.AddRange(body);
        await writing.WaitAsync();
        try
        {
            await stream.WriteAsync(packet.ToArray());
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            for (var length = 0; ;)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length));
                if (read == 0)
                {
                    throw new IOException("the server closed the connection");
                }

                length += read;
                var used = 0;
                while (TryTake(buffer.AsSpan(used, length - used), out var packet, out var head, out var body))
                {
                    Handle(head, buffer.AsSpan(used + body, packet - body));
                    used += packet;
                }

                Buffer.BlockCopy(buffer, used, buffer, 0, length - used);
                length -= used;
                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, length * 2);
                }
            }
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync($"doorload: dev{Number}: {error.Message}");
            Environment.Exit(1);
        }
    }

    private static bool TryTake(ReadOnlySpan<byte> bytes, out int packet, out byte head, out int body)
    {
        (packet, head, body) = (0, 0, 1);
        var (length, shift) = (0, 0);
        while (body < bytes.Length)
        {
            var digit = bytes[body++];
            length |= (digit & 127) << shift;
            shift += 7;
            if (digit < 128)
            {
                (packet, head) = (body + length, bytes[0]);
                return packet <= bytes.Length;
            }
        }

        return false;
    }

    private void Handle(byte head, ReadOnlySpan<byte> body)
    {
        switch (head >> 4)
        {
            case 2 when body[1] != 0:
                throw new IOException($"refused with {body[1]}");
            case 9:
                ready.TrySetResult();
                break;
            case 3:
                var topic = BinaryPrimitives.ReadUInt16BigEndian(body);
                var rest = body[(2 + topic)..];
                if ((head & 6) != 0)
                {
                    _ = SendAsync(0x40, rest[..2].ToArray());
                    rest = rest[2..];
                }

                onPublish(this, body.Slice(2, topic), rest);
                break;
        }
    }
}
