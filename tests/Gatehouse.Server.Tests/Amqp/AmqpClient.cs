using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Server.Tests.Amqp;

/// <summary>A raw AMQP client over TLS, for what no library would send.</summary>
internal sealed class AmqpClient : IAsyncDisposable
{
    private readonly TcpClient tcp;
    private readonly SslStream stream;
    private byte[] received = [];

    private AmqpClient(TcpClient tcp, SslStream stream) => (this.tcp, this.stream) = (tcp, stream);

    internal delegate void FrameBody(AmqpWriter writer);

    internal Stream Stream => stream;

    /// <param name="port">AMQP port of the server.</param>
    /// <param name="from">Address to come from: what one address does must not be paid for by another.</param>
    internal static async Task<AmqpClient> ConnectAsync(int port, IPAddress? from = null)
    {
        var tcp = new TcpClient(new IPEndPoint(from ?? IPAddress.Loopback, 0));
        try
        {
            await tcp.ConnectAsync(IPAddress.Loopback, port);
            var stream = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
            await stream.AuthenticateAsClientAsync("localhost");
            return new AmqpClient(tcp, stream);
        }
        catch
        {
            tcp.Dispose();
            throw;
        }
    }

    /// <summary>Headers, open, one session, both <c>$cbs</c> links (handles 0 and 1) with credit for answers.</summary>
    internal async Task OpenAsync(uint replyCredit = 100)
    {
        await SendAsync(ProtocolHeader.Amqp.ToArray());
        var frames = new AmqpBuffer();
        Add(frames, 0, new Open { ContainerId = "raw", HostName = "localhost" }.Write);
        Add(frames, 0, new Begin { NextOutgoingId = 0, IncomingWindow = 1_000, OutgoingWindow = 1_000 }.Write);
        Add(frames, 0, Sender(0, "$cbs").Write);
        Add(frames, 0, Receiver(1, "$cbs").Write);
        Add(frames, 0, new Flow { NextIncomingId = 0, IncomingWindow = 1_000, NextOutgoingId = 0, OutgoingWindow = 1_000, Handle = 1, DeliveryCount = 0, LinkCredit = replyCredit }.Write);
        await SendAsync(frames.Written.ToArray());
        await ReadAsync(ProtocolHeader.Bytes);
        foreach (var expected in new[] { Descriptors.Open, Descriptors.Begin, Descriptors.Attach, Descriptors.Flow, Descriptors.Attach })
        {
            Assert.Equal(expected, Code(await ReadFrameAsync()));
        }
    }

    /// <summary>Brings a token; the status of the answer.</summary>
    internal async Task<int> PutTokenAsync(string token, uint deliveryId = 0)
    {
        var frames = new AmqpBuffer();
        AddPutToken(frames, deliveryId, token);
        await SendAsync(frames.Written.ToArray());
        while (true)
        {
            var body = await ReadFrameAsync();
            if (Code(body) == Descriptors.Transfer)
            {
                Assert.True(Transfer.TryRead(body, out var transfer, out _));
                return Status(transfer.Payload);
            }
        }
    }

    internal static void AddPutToken(AmqpBuffer frames, uint deliveryId, string token) => Add(frames, 0, writer =>
    {
        new Transfer { Handle = 0, DeliveryId = deliveryId, DeliveryTag = "t"u8, HasTag = true, Settled = true }.Write(writer);
        writer.Descriptor(Descriptors.Properties);
        var list = writer.BeginList();
        writer.ULong(deliveryId);
        writer.EndList(list, 1);
        writer.Descriptor(Descriptors.ApplicationProperties);
        var map = writer.BeginMap();
        writer.String("operation");
        writer.String("put-token");
        writer.String("type");
        writer.String("servicebus.windows.net:sastoken");
        writer.String("name");
        writer.String("localhost");
        writer.EndMap(map, 6);
        writer.Descriptor(Descriptors.AmqpValue);
        writer.String(token);
    });

    internal static void Add(AmqpBuffer frames, ushort channel, FrameBody body, byte type = AmqpFrame.AmqpType)
    {
        var writer = new AmqpWriter(frames);
        var mark = writer.BeginFrame(channel, type);
        body(writer);
        writer.EndFrame(mark);
    }

    internal static Attach Sender(uint handle, string address) => new()
    {
        Name = $"s{handle}",
        Handle = handle,
        IsReceiver = false,
        InitialDeliveryCount = 0,
        Source = new Terminus { IsSource = true }.ToBytes(),
        Target = new Terminus { Address = address }.ToBytes(),
    };

    internal static Attach Receiver(uint handle, string address) => new()
    {
        Name = $"r{handle}",
        Handle = handle,
        IsReceiver = true,
        Source = new Terminus { IsSource = true, Address = address }.ToBytes(),
        Target = new Terminus().ToBytes(),
    };

    internal ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);

    internal async Task<byte[]> ReadFrameAsync()
    {
        while (true)
        {
            var buffer = new ReadOnlySequence<byte>(received);
            if (AmqpFrame.TryRead(ref buffer, 1 << 20, out var frame, out _))
            {
                var body = frame.Body.ToArray();
                received = buffer.ToArray();
                if (body.Length > 0)
                {
                    return body;
                }

                continue;
            }

            await FillAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        tcp.Client.LingerState = new LingerOption(true, 0);
        await stream.DisposeAsync();
        tcp.Dispose();
    }

    private static ulong Code(byte[] body) => Performative.TryReadCode(body, out var code) ? code : 0;

    private static int Status(ReadOnlySpan<byte> message)
    {
        var sections = new MessageReader(message);
        while (sections.Read())
        {
            var value = new AmqpReader(sections.Value);
            if (sections.Section == Descriptors.ApplicationProperties && value.TryReadObject(out var map) && ((AmqpMap)map!).TryGetInteger("status-code", out var status))
            {
                return (int)status;
            }
        }

        return 0;
    }

    private async Task ReadAsync(int count)
    {
        while (received.Length < count)
        {
            await FillAsync();
        }

        received = received[count..];
    }

    private async Task FillAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var more = new byte[16 * 1024];
        var read = await stream.ReadAsync(more, patience.Token);
        if (read == 0)
        {
            throw new IOException("The server closed the connection.");
        }

        received = [.. received, .. more[..read]];
    }
}
