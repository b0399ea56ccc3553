using System.Buffers;
using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Transport.Tests.Amqp;

/// <summary>A client of the engine, frame by frame.</summary>
internal sealed class AmqpDriver : IAsyncDisposable
{
    private readonly AmqpBuffer frames = new();

    private AmqpDriver(MemoryConnection connection, FakeProofs proofs, ProbeDoor door, Task running, FakeTimeProvider time) =>
        (Connection, Proofs, Door, Running, Time) = (connection, proofs, door, running, time);

    internal MemoryConnection Connection { get; }

    internal FakeProofs Proofs { get; }

    internal ProbeDoor Door { get; }

    /// <summary>The server's side of the connection.</summary>
    internal Task Running { get; }

    internal FakeTimeProvider Time { get; }

    /// <summary>Starts the engine on a new connection; nothing is sent yet.</summary>
    internal static AmqpDriver Start(AmqpOptions? options = null, MemoryConnection? connection = null, FakeProofs? proofs = null)
    {
        connection ??= new MemoryConnection();
        proofs ??= new FakeProofs { IsAny = true };
        var door = new ProbeDoor();
        var time = new FakeTimeProvider();
        var handler = new AmqpHandler(new AmqpParts
        {
            Options = options ?? new AmqpOptions(),
            Doors = [new Transport.Amqp.Cbs.CbsDoor(), door],
            Proofs = proofs,
            Metrics = new AmqpMetrics(new MeterSource()),
            Time = time,
            Log = NullLogger.Instance,
        });
        return new AmqpDriver(connection, proofs, door, Task.Run(() => handler.RunAsync(connection)), time);
    }

    /// <summary>Starts, and opens a connection with one session on channel 0.</summary>
    internal static async Task<AmqpDriver> OpenAsync(AmqpOptions? options = null, MemoryConnection? connection = null, FakeProofs? proofs = null, Open? open = null, Begin? begin = null)
    {
        var driver = Start(options, connection, proofs);
        await driver.SendBytesAsync(ProtocolHeader.Amqp.ToArray());
        Assert.Equal(ProtocolHeader.Amqp.ToArray(), await driver.ReadBytesAsync(ProtocolHeader.Bytes));
        await driver.SendAsync(0, (open ?? new Open { ContainerId = "test" }).Write);
        await driver.ExpectAsync(Descriptors.Open);
        await driver.SendAsync(0, (begin ?? NewBegin()).Write);
        await driver.ExpectAsync(Descriptors.Begin);
        return driver;
    }

    internal static Begin NewBegin(uint window = 2048) => new() { NextOutgoingId = 0, IncomingWindow = window, OutgoingWindow = window };

    internal delegate void FrameBody(AmqpWriter writer);

    internal async Task SendAsync(ushort channel, FrameBody body, byte type = AmqpFrame.AmqpType)
    {
        Add(channel, body, type);
        await FlushAsync();
    }

    /// <summary>Adds a frame to those that the next flush sends.</summary>
    internal void Add(ushort channel, FrameBody body, byte type = AmqpFrame.AmqpType)
    {
        var writer = new AmqpWriter(frames);
        var mark = writer.BeginFrame(channel, type);
        body(writer);
        writer.EndFrame(mark);
    }

    internal async Task FlushAsync()
    {
        await Connection.ToServer.WriteAsync(frames.Written.ToArray(), TestContext.Current.CancellationToken);
        frames.Clear();
    }

    internal async Task SendBytesAsync(byte[] bytes) => await Connection.ToServer.WriteAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Attaches a link on which we send and takes the server's answer with its first flow.</summary>
    internal async Task AttachSenderAsync(uint handle, string address, ushort channel = 0, string? name = null)
    {
        await SendAsync(channel, Sender(handle, address, name).Write);
        await ExpectAsync(Descriptors.Attach);
        await ExpectAsync(Descriptors.Flow);
    }

    internal async Task AttachReceiverAsync(uint handle, string address, ushort channel = 0, byte senderSettleMode = 2)
    {
        await SendAsync(channel, Receiver(handle, address, senderSettleMode).Write);
        await ExpectAsync(Descriptors.Attach);
    }

    internal static Attach Sender(uint handle, string address, string? name = null) => new()
    {
        Name = name ?? $"sender-{handle}",
        Handle = handle,
        IsReceiver = false,
        InitialDeliveryCount = 0,
        Source = new Terminus { IsSource = true }.ToBytes(),
        Target = new Terminus { Address = address }.ToBytes(),
    };

    internal static Attach Receiver(uint handle, string address, byte senderSettleMode = 2) => new()
    {
        Name = $"receiver-{handle}",
        Handle = handle,
        IsReceiver = true,
        SenderSettleMode = senderSettleMode,
        Source = new Terminus { IsSource = true, Address = address }.ToBytes(),
        Target = new Terminus().ToBytes(),
    };

    /// <summary>A transfer with a data section.</summary>
    internal void AddTransfer(uint handle, uint? deliveryId, ReadOnlySpan<byte> payload, bool more = false, bool? settled = null, bool aborted = false, ushort channel = 0)
    {
        var bytes = payload.ToArray();
        Add(channel, writer =>
        {
            new Transfer
            {
                Handle = handle,
                DeliveryId = deliveryId,
                DeliveryTag = deliveryId is null ? default : "tag"u8,
                HasTag = deliveryId is not null,
                More = more,
                Settled = settled,
                Aborted = aborted,
            }.Write(writer);
            writer.Raw(bytes);
        });
    }

    internal static byte[] Data(int length, byte fill = 7)
    {
        var buffer = new AmqpBuffer();
        var writer = new AmqpWriter(buffer);
        writer.Descriptor(Descriptors.Data);
        var body = new byte[length];
        Array.Fill(body, fill);
        writer.Binary(body);
        return buffer.Written.ToArray();
    }

    /// <summary>The next frame that is no heart-beat; it must be of this kind.</summary>
    internal async Task<(ushort Channel, byte[] Body)> ExpectAsync(ulong descriptor, byte type = AmqpFrame.AmqpType)
    {
        var frame = await ReadFrameAsync();
        Assert.True(frame is not null, "the server closed the connection");
        Assert.True(Performative.TryReadCode(frame.Value.Body, out var code));
        Assert.True(code == descriptor && frame.Value.Type == type, $"expected 0x{descriptor:x}, got 0x{code:x}: {Describe(frame.Value.Body, code)}");
        return (frame.Value.Channel, frame.Value.Body);
    }

    internal async Task<Detach> ExpectDetachAsync()
    {
        var (_, body) = await ExpectAsync(Descriptors.Detach);
        Assert.True(Detach.TryRead(body, out var detach, out _));
        return detach;
    }

    internal async Task<Disposition> ExpectDispositionAsync()
    {
        var (_, body) = await ExpectAsync(Descriptors.Disposition);
        Assert.True(Disposition.TryRead(body, out var disposition, out _));
        return disposition;
    }

    internal async Task<Flow> ExpectFlowAsync()
    {
        var (_, body) = await ExpectAsync(Descriptors.Flow);
        Assert.True(Flow.TryRead(body, out var flow, out _));
        return flow;
    }

    internal async Task<string> ExpectEndAsync()
    {
        var (_, body) = await ExpectAsync(Descriptors.End);
        Assert.True(End.TryRead(body, out var end, out _));
        return end.Error?.Condition ?? "";
    }

    internal async Task<string> ExpectCloseAsync()
    {
        var (_, body) = await ExpectAsync(Descriptors.Close);
        Assert.True(Close.TryRead(body, out var close, out _));
        return close.Error?.Condition ?? "";
    }

    /// <summary>Null at the end of the stream. Heart-beats are passed over unless asked for.</summary>
    internal async Task<(byte Type, ushort Channel, byte[] Body)?> ReadFrameAsync(bool alsoEmpty = false)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        while (true)
        {
            var read = await Connection.FromServer.ReadAsync(limit.Token);
            var buffer = read.Buffer;
            if (AmqpFrame.TryRead(ref buffer, 1 << 20, out var frame, out var fault))
            {
                var body = frame.Body.ToArray();
                Connection.FromServer.AdvanceTo(buffer.Start);
                if (body.Length == 0 && !alsoEmpty)
                {
                    continue;
                }

                return (frame.Type, frame.Channel, body);
            }

            Assert.Equal(AmqpFault.None, fault);
            Connection.FromServer.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    internal async Task<byte[]> ReadBytesAsync(int count)
    {
        var read = await Connection.FromServer.ReadAtLeastAsync(count, TestContext.Current.CancellationToken);
        var bytes = read.Buffer.Slice(0, Math.Min(count, read.Buffer.Length)).ToArray();
        Connection.FromServer.AdvanceTo(read.Buffer.GetPosition(bytes.Length));
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.ToServer.CompleteAsync();
        await Connection.FromServer.CompleteAsync();
        await Running.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static string Describe(byte[] body, ulong code) => code switch
    {
        Descriptors.Close when Close.TryRead(body, out var close, out _) => close.Error?.ToString() ?? "close",
        Descriptors.End when End.TryRead(body, out var end, out _) => end.Error?.ToString() ?? "end",
        Descriptors.Detach when Detach.TryRead(body, out var detach, out _) => detach.Error?.ToString() ?? "detach",
        _ => Convert.ToHexString(body.AsSpan(0, Math.Min(body.Length, 64))),
    };
}
