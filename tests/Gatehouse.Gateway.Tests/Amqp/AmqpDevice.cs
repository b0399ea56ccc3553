using System.Buffers;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Gateway.Tests.Amqp;

/// <summary>A client of the device plane, frame by frame: one session, <c>$cbs</c> on the handles 0 and 1.</summary>
internal sealed class AmqpDevice : IAsyncDisposable
{
    private readonly AmqpBuffer frames = new();
    private readonly GatewayHost host;
    private readonly PipedConnection connection = new();
    private readonly Task serving;
    private uint deliveries;

    private AmqpDevice(GatewayHost host)
    {
        this.host = host;
        serving = Task.Run(() => host.Get<AmqpHandler>().RunAsync(connection));
    }

    private delegate void FrameBody(AmqpWriter writer);

    internal PipedConnection Connection => connection;

    internal static async Task<AmqpDevice> OpenAsync(GatewayHost host, string hostName = "localhost")
    {
        var device = new AmqpDevice(host);
        await device.connection.ToServer.WriteAsync(ProtocolHeader.Amqp.ToArray(), TestContext.Current.CancellationToken);
        var header = await device.connection.FromServer.ReadAtLeastAsync(ProtocolHeader.Bytes, TestContext.Current.CancellationToken);
        device.connection.FromServer.AdvanceTo(header.Buffer.GetPosition(ProtocolHeader.Bytes));
        await device.WriteAsync(new Open { ContainerId = "device", HostName = hostName }.Write);
        await device.WriteAsync(new Begin { NextOutgoingId = 0, IncomingWindow = 5000, OutgoingWindow = 5000 }.Write);
        await device.ExpectAsync(Descriptors.Open);
        await device.ExpectAsync(Descriptors.Begin);
        await device.WriteAsync(Link(0, isReceiver: false, "$cbs", null).Write);
        await device.ExpectAsync(Descriptors.Attach);
        await device.ExpectAsync(Descriptors.Flow);
        await device.WriteAsync(Link(1, isReceiver: true, "$cbs", null).Write);
        await device.ExpectAsync(Descriptors.Attach);
        await device.WriteAsync(new Flow { NextIncomingId = 0, IncomingWindow = 5000, NextOutgoingId = 0, OutgoingWindow = 5000, Handle = 1, DeliveryCount = 0, LinkCredit = 1000 }.Write);
        return device;
    }

    /// <summary>A device that is known by its token and has its telemetry link on handle 2.</summary>
    internal static async Task<AmqpDevice> ConnectAsync(GatewayHost host, string id, string key)
    {
        var device = await OpenAsync(host);
        Assert.Equal(200, await device.PutTokenAsync(id, key));
        Assert.Null(await device.AttachAsync(2, $"/devices/{id}/messages/events"));
        return device;
    }

    internal Task<int> PutTokenAsync(string id, string key) =>
        PutAsync($"localhost/devices/{id}", System.Text.Encoding.ASCII.GetString(host.TokenOf($"localhost/devices/{id}", key)));

    internal async Task<int> PutAsync(string audience, string token)
    {
        var request = new MessageBytes()
            .Properties("request-1")
            .Application(("operation", "put-token"), ("type", "azure-devices.net:sastoken"), ("name", audience))
            .Value(token)
            .ToArray();
        await SendAsync(0, request, settled: true);
        var body = await ExpectAsync(Descriptors.Transfer);
        Assert.True(Transfer.TryRead(body, out var transfer, out _));
        var sections = new MessageReader(transfer.Payload);
        while (sections.Read())
        {
            if (sections.Section != Descriptors.ApplicationProperties)
            {
                continue;
            }

            var pairs = new MapReader(sections.Value);
            while (pairs.Read())
            {
                if (pairs.Key.SequenceEqual("status-code"u8) && pairs.TryGetInt(out var status))
                {
                    return status;
                }
            }
        }

        throw new Xunit.Sdk.XunitException("The answer has no status-code.");
    }

    /// <summary>Attaches a link on which the device sends; the error when it is refused.</summary>
    internal async Task<AmqpError?> AttachAsync(uint handle, string address, bool isReceiver = false, AmqpMap? properties = null)
    {
        await WriteAsync(Link(handle, isReceiver, address, properties).Write);
        Assert.True(Attach.TryRead(await ExpectAsync(Descriptors.Attach), out var answer, out _));
        if (answer.Target is null || answer.Source is null)
        {
            return (await ExpectDetachAsync()).Error;
        }

        if (!isReceiver)
        {
            await ExpectAsync(Descriptors.Flow);
            Assert.Equal(262_144ul, answer.MaxMessageSize);
        }

        return null;
    }

    /// <summary>Asks for a link on which the device sends, and does not wait for the answer.</summary>
    internal Task BeginAttachAsync(uint handle, string address) => WriteAsync(Link(handle, isReceiver: false, address, null).Write);

    /// <summary>Sends one message in as many frames as it needs; returns its delivery id.</summary>
    internal async Task<uint> SendAsync(uint handle, byte[] message, uint format = 0, bool settled = false)
    {
        const int FrameBytes = 32 * 1024;
        var id = deliveries++;
        for (var at = 0; at < message.Length || at == 0; at += FrameBytes)
        {
            var part = message.AsMemory(at, Math.Min(FrameBytes, message.Length - at));
            var isFirst = at == 0;
            var isLast = at + FrameBytes >= message.Length;
            Add(writer =>
            {
                new Transfer
                {
                    Handle = handle,
                    DeliveryId = isFirst ? id : null,
                    DeliveryTag = isFirst ? "tag"u8 : default,
                    HasTag = isFirst,
                    MessageFormat = format,
                    Settled = settled,
                    More = !isLast,
                }.Write(writer);
                writer.Raw(part.Span);
            });
        }

        await FlushAsync();
        return id;
    }

    /// <summary>Credit for a link on which the device receives.</summary>
    internal Task GiveCreditAsync(uint handle, uint credit, uint delivered = 0, bool drain = false) => WriteAsync(
        new Flow { NextIncomingId = 0, IncomingWindow = 5000, NextOutgoingId = 0, OutgoingWindow = 5000, Handle = handle, DeliveryCount = delivered, LinkCredit = credit, Drain = drain }.Write);

    /// <summary>A message to the device, of one frame.</summary>
    internal async Task<(AmqpDelivery Transfer, byte[] Message)> ExpectMessageAsync()
    {
        Assert.True(Transfer.TryRead(await ExpectAsync(Descriptors.Transfer), out var transfer, out _));
        Assert.False(transfer.More || transfer.Settled == true);
        return (new AmqpDelivery(transfer.Handle, transfer.DeliveryId, transfer.DeliveryTag.ToArray()), transfer.Payload.ToArray());
    }

    /// <summary>A message that came settled, of any number of frames; frames of one other kind may be passed over.</summary>
    internal async Task<ReceivedMessage> ReceiveAsync(ulong? skip = null)
    {
        var message = new List<byte>();
        while (true)
        {
            Assert.True(Transfer.TryRead(await ExpectAsync(Descriptors.Transfer, skip), out var transfer, out _));
            Assert.NotEqual(false, transfer.Settled);
            message.AddRange(transfer.Payload);
            if (!transfer.More)
            {
                return new ReceivedMessage(transfer.Handle, [.. message]);
            }
        }
    }

    /// <summary>Attaches the pair of links of methods or of the twin, with credit on the second; the device sends on the first.</summary>
    internal async Task AttachPairAsync(uint sends, uint receives, string address, uint credit = 100)
    {
        Assert.Null(await AttachAsync(sends, address));
        Assert.Null(await AttachAsync(receives, address, isReceiver: true));
        if (credit > 0)
        {
            await GiveCreditAsync(receives, credit);
        }
    }

    /// <summary>A connection that a policy's token lets act for every device.</summary>
    internal static async Task<AmqpDevice> OpenPoolAsync(GatewayHost host)
    {
        var policy = (await host.Get<SharedAccessPolicies>().FindAsync(host.Hub, "device", TestContext.Current.CancellationToken)).Value;
        var pool = await OpenAsync(host);
        Assert.Equal(200, await pool.PutAsync("localhost", System.Text.Encoding.ASCII.GetString(host.TokenOf("localhost", policy.PrimaryKey, "device"))));
        return pool;
    }

    internal Task SettleAsync(uint deliveryId, Outcome outcome, bool isSettled = true) =>
        WriteAsync(new Disposition { IsReceiver = true, First = deliveryId, Settled = isSettled, State = outcome }.Write);

    /// <summary>The server's last word on a message that the device settles second.</summary>
    internal async Task<(uint First, Outcome State, AmqpError? Error)> ExpectSettledBySenderAsync()
    {
        Assert.True(Disposition.TryRead(await ExpectAsync(Descriptors.Disposition), out var disposition, out _));
        Assert.True(disposition is { IsReceiver: false, Settled: true });
        return (disposition.First, disposition.State, disposition.Error);
    }

    internal async Task<Disposition> ExpectDispositionAsync()
    {
        Assert.True(Disposition.TryRead(await ExpectAsync(Descriptors.Disposition), out var disposition, out _));
        Assert.True(disposition is { IsReceiver: true, Settled: true });
        return disposition;
    }

    internal async Task ExpectAcceptedAsync(uint first, uint last)
    {
        for (var next = first; next <= last;)
        {
            var disposition = await ExpectDispositionAsync();
            Assert.Equal((next, Outcome.Accepted), (disposition.First, disposition.State));
            next = (disposition.Last ?? disposition.First) + 1;
        }
    }

    internal async Task<string> ExpectRejectedAsync(uint id)
    {
        var disposition = await ExpectDispositionAsync();
        Assert.Equal((id, id, Outcome.Rejected), (disposition.First, disposition.Last ?? disposition.First, disposition.State));
        return disposition.Error!.Condition;
    }

    internal async Task<Detach> ExpectDetachAsync()
    {
        Assert.True(Detach.TryRead(await ExpectAsync(Descriptors.Detach), out var detach, out _));
        return detach;
    }

    internal Task DetachAsync(uint handle) => WriteAsync(new Detach { Handle = handle, IsClosed = true }.Write);

    /// <summary>Nothing but flows and heart-beats waits to be read.</summary>
    internal async Task ExpectNothingAsync()
    {
        await Task.Delay(50, TestContext.Current.CancellationToken);
        while (connection.FromServer.TryRead(out var read))
        {
            var buffer = read.Buffer;
            if (!AmqpFrame.TryRead(ref buffer, 1 << 20, out var frame, out _))
            {
                connection.FromServer.AdvanceTo(buffer.Start);
                return;
            }

            var body = frame.Body.ToArray();
            connection.FromServer.AdvanceTo(buffer.Start);
            Assert.True(body.Length == 0 || (Performative.TryReadCode(body, out var code) && code == Descriptors.Flow), Convert.ToHexString(body));
        }
    }

    /// <summary>The next frame that is neither heart-beat nor (unless wanted) flow; it must be of this kind.</summary>
    internal async Task<byte[]> ExpectAsync(ulong descriptor, ulong? skip = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        while (true)
        {
            var read = await connection.FromServer.ReadAsync(limit.Token);
            var buffer = read.Buffer;
            if (!AmqpFrame.TryRead(ref buffer, 1 << 20, out var frame, out _))
            {
                connection.FromServer.AdvanceTo(buffer.Start, buffer.End);
                Assert.False(read.IsCompleted, "The server closed the connection.");
                continue;
            }

            var body = frame.Body.ToArray();
            connection.FromServer.AdvanceTo(buffer.Start);
            if (body.Length == 0 || !Performative.TryReadCode(body, out var code) || (code == Descriptors.Flow && descriptor != Descriptors.Flow) || code == skip)
            {
                continue;
            }

            Assert.True(code == descriptor, $"0x{descriptor:x} was expected, 0x{code:x} came: {Convert.ToHexString(body)}");
            return body;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await connection.ToServer.CompleteAsync();
        await connection.FromServer.CompleteAsync();
        await serving.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static Attach Link(uint handle, bool isReceiver, string address, AmqpMap? properties) => new()
    {
        Name = $"link-{handle}",
        Handle = handle,
        IsReceiver = isReceiver,
        InitialDeliveryCount = isReceiver ? null : 0,
        Source = new Terminus { IsSource = true, Address = isReceiver ? address : null }.ToBytes(),
        Target = new Terminus { Address = isReceiver ? null : address }.ToBytes(),
        Properties = properties,
    };

    private Task WriteAsync(FrameBody body)
    {
        Add(body);
        return FlushAsync();
    }

    private void Add(FrameBody body)
    {
        var writer = new AmqpWriter(frames);
        var mark = writer.BeginFrame(0);
        body(writer);
        writer.EndFrame(mark);
    }

    private async Task FlushAsync()
    {
        await connection.ToServer.WriteAsync(frames.Written.ToArray(), TestContext.Current.CancellationToken);
        frames.Clear();
    }
}
