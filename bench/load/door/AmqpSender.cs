using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Bench.Door;

/// <summary>A back end's link to <c>/messages/devicebound</c>, with its token given to <c>$cbs</c>.</summary>
internal sealed class AmqpSender
{
    private const int MaxFrame = 65536;

    private readonly SslStream stream;
    private readonly ConcurrentDictionary<uint, TaskCompletionSource> unsettled = new();
    private readonly SemaphoreSlim writing = new(1);
    private readonly TaskCompletionSource granted = new();
    private readonly TaskCompletionSource attached = new();
    private uint next;

    private AmqpSender(SslStream stream) => this.stream = stream;

    private delegate void Write(AmqpWriter writer);

    internal static async Task<AmqpSender> ConnectAsync(Settings settings)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", settings.AmqpPort);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(settings.Tls());
        var sender = new AmqpSender(stream);
        await stream.WriteAsync("AMQP\0\u0001\0\0"u8.ToArray());
        await sender.SendAsync(
            writer => new Open { ContainerId = "doorload", HostName = "localhost" }.Write(writer),
            writer => new Begin { NextOutgoingId = 0, IncomingWindow = 100_000, OutgoingWindow = 100_000 }.Write(writer),
            writer => Attach(0, isReceiver: false, "$cbs").Write(writer),
            writer => Attach(1, isReceiver: true, "$cbs").Write(writer),
            writer => new Flow { NextIncomingId = 0, IncomingWindow = 100_000, NextOutgoingId = 0, OutgoingWindow = 100_000, Handle = 1, DeliveryCount = 0, LinkCredit = 10 }.Write(writer),
            writer => sender.PutToken(writer, settings.ServiceToken));
        _ = sender.ReadAsync();
        await sender.granted.Task;
        await sender.SendAsync(writer => Attach(2, isReceiver: false, "/messages/devicebound").Write(writer));
        await sender.attached.Task;
        return sender;
    }

    /// <summary>Completes when the message is accepted, so when it is durable.</summary>
    internal async Task SendAsync(string to, byte[] body)
    {
        var outcome = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await writing.WaitAsync();
        try
        {
            unsettled[next] = outcome;
            await stream.WriteAsync(Encode(writer => Message(writer, to, body)));
        }
        finally
        {
            writing.Release();
        }

        await outcome.Task;
    }

    private static Attach Attach(uint handle, bool isReceiver, string address) => new()
    {
        Name = $"l{handle}",
        Handle = handle,
        IsReceiver = isReceiver,
        Source = new Terminus { IsSource = true, Address = isReceiver ? address : null }.ToBytes(),
        Target = new Terminus { Address = isReceiver ? null : address }.ToBytes(),
        InitialDeliveryCount = isReceiver ? null : 0,
    };

    private void PutToken(AmqpWriter writer, string token)
    {
        Begin(writer, 0);
        var properties = new CompositeWriter(writer, Descriptors.Properties);
        properties.String("m");
        properties.End();
        writer.Descriptor(Descriptors.ApplicationProperties);
        writer.Object(new AmqpMap { { "operation", "put-token" }, { "type", "servicebus.windows.net:sastoken" }, { "name", "localhost" } });
        writer.Descriptor(Descriptors.AmqpValue);
        writer.String(token);
    }

    private void Message(AmqpWriter writer, string to, byte[] body)
    {
        Begin(writer, 2);
        var properties = new CompositeWriter(writer, Descriptors.Properties);
        properties.Null();
        properties.Null();
        properties.String(to);
        properties.End();
        writer.Descriptor(Descriptors.Data);
        writer.Binary(body);
    }

    private void Begin(AmqpWriter writer, uint handle)
    {
        new Transfer { Handle = handle, DeliveryId = next, HasTag = true, DeliveryTag = BitConverter.GetBytes(next) }.Write(writer);
        next++;
    }

    private async Task SendAsync(params Write[] bodies) => await stream.WriteAsync(Encode(bodies));

    private static byte[] Encode(params Write[] bodies)
    {
        var buffer = new AmqpBuffer();
        var writer = new AmqpWriter(buffer);
        foreach (var body in bodies)
        {
            var mark = writer.BeginFrame(0);
            body(writer);
            writer.EndFrame(mark);
        }

        return buffer.Written.ToArray();
    }

    private async Task ReadAsync()
    {
        try
        {
            var buffer = new byte[MaxFrame * 2];
            await stream.ReadExactlyAsync(buffer.AsMemory(0, 8));
            for (var length = 0; ;)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length));
                if (read == 0)
                {
                    throw new IOException("the server closed the connection");
                }

                length += read;
                var bytes = new ReadOnlySequence<byte>(buffer, 0, length);
                while (AmqpFrame.TryRead(ref bytes, MaxFrame, out var frame, out _))
                {
                    Handle(frame.Body.ToArray());
                }

                var used = length - (int)bytes.Length;
                Buffer.BlockCopy(buffer, used, buffer, 0, length - used);
                length -= used;
            }
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync($"doorload: AMQP: {error.Message}");
            Environment.Exit(1);
        }
    }

    private void Handle(byte[] body)
    {
        if (body.Length == 0 || !Performative.TryReadCode(body, out var code))
        {
            return;
        }

        if (code is Descriptors.Detach or Descriptors.End or Descriptors.Close)
        {
            throw new IOException($"refused: {Encoding.UTF8.GetString(body)}");
        }

        if (code == Descriptors.Transfer)
        {
            granted.TrySetResult();
        }
        else if (code == Descriptors.Flow && Flow.TryRead(body, out var flow, out _) && flow.Handle is 2)
        {
            attached.TrySetResult();
        }
        else if (code == Descriptors.Disposition && Disposition.TryRead(body, out var disposition, out _))
        {
            for (var i = disposition.First; i <= (disposition.Last ?? disposition.First); i++)
            {
                if (unsettled.TryRemove(i, out var outcome))
                {
                    Settle(outcome, disposition);
                }
            }
        }
    }

    private static void Settle(TaskCompletionSource outcome, Disposition disposition)
    {
        if (disposition.State == Outcome.Accepted)
        {
            outcome.TrySetResult();
        }
        else
        {
            outcome.TrySetException(new IOException($"{disposition.State}: {disposition.Error?.Description}"));
        }
    }
}
