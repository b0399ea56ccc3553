using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Gateway.Tests;
using Gatehouse.Gateway.Tests.Amqp;
using Gatehouse.Transport.Amqp;
using Gatehouse.Wire.Amqp;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>A device that registers over AMQP, frame by frame: one session, requests on handle 1, replies on handle 0.</summary>
internal sealed class AmqpRegistrant : IAsyncDisposable
{
    private readonly AmqpBuffer frames = new();
    private readonly PipedConnection connection;
    private readonly Task serving;
    private uint deliveries;

    internal AmqpRegistrant(ProvisioningHost host, PeerCertificate? certificate = null)
    {
        connection = new PipedConnection(certificate: certificate);
        serving = Task.Run(() => host.Get<AmqpHandler>().RunAsync(connection));
    }

    private delegate void FrameBody(AmqpWriter writer);

    internal PipedConnection Connection => connection;

    /// <summary>PLAIN; the outcome.</summary>
    internal Task<SaslCode> PlainAsync(string user, string token) => SaslAsync("PLAIN", Encoding.UTF8.GetBytes($"\0{user}\0{token}"));

    /// <summary>A mechanism without challenges; the outcome.</summary>
    internal async Task<SaslCode> SaslAsync(string mechanism, byte[]? response)
    {
        await BeginSaslAsync(mechanism, response, null);
        return await OutcomeAsync();
    }

    /// <summary>Up to the first answer of the server; returns the mechanisms that it offers.</summary>
    internal async Task<IReadOnlyList<string>> BeginSaslAsync(string mechanism, byte[]? response, string? hostName)
    {
        await ExchangeHeadersAsync(ProtocolHeader.Sasl.ToArray());
        Assert.True(SaslMechanisms.TryRead(await ReadAsync(), out var offered, out _));
        await WriteAsync(new SaslInit { Mechanism = mechanism, InitialResponse = response, HostName = hostName }.Write, AmqpFrame.SaslType);
        return offered.Mechanisms;
    }

    internal Task RespondAsync(byte[] response) => WriteAsync(new SaslResponse { Response = response }.Write, AmqpFrame.SaslType);

    /// <summary>The next challenge; null when the outcome is there instead, and refused.</summary>
    internal async Task<byte[]?> ChallengeAsync()
    {
        var body = await ReadAsync();
        if (SaslChallenge.TryRead(body, out var challenge, out _))
        {
            return challenge.Challenge;
        }

        Assert.True(SaslOutcome.TryRead(body, out var outcome, out _));
        Assert.Equal(SaslCode.Auth, outcome.Code);
        return null;
    }

    internal async Task<SaslCode> OutcomeAsync()
    {
        Assert.True(SaslOutcome.TryRead(await ReadAsync(), out var outcome, out _));
        return outcome.Code;
    }

    /// <summary>AMQP header, connection and session.</summary>
    internal async Task OpenAsync()
    {
        await ExchangeHeadersAsync(ProtocolHeader.Amqp.ToArray());
        await WriteAsync(new Open { ContainerId = "device", HostName = "localhost" }.Write);
        await WriteAsync(new Begin { NextOutgoingId = 0, IncomingWindow = 5000, OutgoingWindow = 5000 }.Write);
        await ExpectAsync(Descriptors.Open);
        await ExpectAsync(Descriptors.Begin);
    }

    /// <summary>Both links; the error of the first that is refused.</summary>
    internal async Task<AmqpError?> AttachAsync(string address)
    {
        if (await AttachAsync(0, address, isReceiver: true) is { } refused)
        {
            return refused;
        }

        await WriteAsync(new Flow { NextIncomingId = 0, IncomingWindow = 5000, NextOutgoingId = 0, OutgoingWindow = 5000, Handle = 0, DeliveryCount = 0, LinkCredit = 100 }.Write);
        return await AttachAsync(1, address, isReceiver: false);
    }

    internal async Task<AmqpError?> AttachAsync(uint handle, string address, bool isReceiver)
    {
        await WriteAsync(new Attach
        {
            Name = $"link-{handle}",
            Handle = handle,
            IsReceiver = isReceiver,
            InitialDeliveryCount = isReceiver ? null : 0,
            Source = new Terminus { IsSource = true, Address = isReceiver ? address : null }.ToBytes(),
            Target = new Terminus { Address = isReceiver ? null : address }.ToBytes(),
        }.Write);
        Assert.True(Attach.TryRead(await ExpectAsync(Descriptors.Attach), out var answer, out _));
        if (answer.Target is not null && answer.Source is not null)
        {
            return null;
        }

        Assert.True(Detach.TryRead(await ExpectAsync(Descriptors.Detach), out var detach, out _));
        return detach.Error;
    }

    /// <summary>Asks, and takes the answer; the error when it is rejected.</summary>
    internal async Task<(ReceivedMessage? Reply, AmqpError? Error)> AskAsync(string? operation, string? operationId = null, byte[]? body = null, object? correlation = null)
    {
        var message = new MessageBytes().Properties(null, null, null, null, null, correlation ?? "c-1");
        message = operation is null ? message : message.Application(("iotdps-operation-type", operation), ("iotdps-operation-id", operationId), ("iotdps-forceRegistration", false));
        message = body is null ? message.Value("") : message.Data(body);
        var id = deliveries++;
        var bytes = message.ToArray();
        const int FrameBytes = 32 * 1024;
        for (var at = 0; at < bytes.Length; at += FrameBytes)
        {
            var part = bytes.AsMemory(at, Math.Min(FrameBytes, bytes.Length - at));
            var (isFirst, isLast) = (at == 0, at + FrameBytes >= bytes.Length);
            await WriteAsync(writer =>
            {
                new Transfer { Handle = 1, DeliveryId = isFirst ? id : null, DeliveryTag = isFirst ? "tag"u8 : default, HasTag = isFirst, More = !isLast }.Write(writer);
                writer.Raw(part.Span);
            });
        }

        Assert.True(Disposition.TryRead(await ExpectAsync(Descriptors.Disposition), out var disposition, out _));
        Assert.Equal((id, true), (disposition.First, disposition.Settled));
        if (disposition.State != Outcome.Accepted)
        {
            Assert.Equal(Outcome.Rejected, disposition.State);
            return (null, disposition.Error);
        }

        Assert.True(Transfer.TryRead(await ExpectAsync(Descriptors.Transfer), out var transfer, out _));
        Assert.Equal(0u, transfer.Handle);
        return (new ReceivedMessage(transfer.Handle, transfer.Payload.ToArray()), null);
    }

    /// <summary>Registers and polls; the outcome.</summary>
    internal async Task<JsonNode> RegisterAsync(string body = "{}")
    {
        var (started, error) = await AskAsync("iotdps-register", body: Encoding.UTF8.GetBytes(body));
        Assert.True(started is not null, error?.ToString());
        var (done, _) = await AskAsync("iotdps-get-operationstatus", JsonNode.Parse(started.Body!)!["operationId"]!.GetValue<string>());
        return JsonNode.Parse(done!.Body!)!;
    }

    public async ValueTask DisposeAsync()
    {
        await connection.ToServer.CompleteAsync();
        await connection.FromServer.CompleteAsync();
        await serving.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private async Task ExchangeHeadersAsync(byte[] header)
    {
        await connection.ToServer.WriteAsync(header, TestContext.Current.CancellationToken);
        var read = await connection.FromServer.ReadAtLeastAsync(ProtocolHeader.Bytes, TestContext.Current.CancellationToken);
        Assert.Equal(header, read.Buffer.Slice(0, ProtocolHeader.Bytes).ToArray());
        connection.FromServer.AdvanceTo(read.Buffer.GetPosition(ProtocolHeader.Bytes));
    }

    private async Task WriteAsync(FrameBody body, byte type = AmqpFrame.AmqpType)
    {
        var writer = new AmqpWriter(frames);
        var mark = writer.BeginFrame(0, type);
        body(writer);
        writer.EndFrame(mark);
        await connection.ToServer.WriteAsync(frames.Written.ToArray(), TestContext.Current.CancellationToken);
        frames.Clear();
    }

    /// <summary>The next frame that is no flow; it must be of this kind.</summary>
    private async Task<byte[]> ExpectAsync(ulong descriptor)
    {
        while (true)
        {
            var body = await ReadAsync();
            Assert.True(Performative.TryReadCode(body, out var code));
            if (code != Descriptors.Flow)
            {
                Assert.True(code == descriptor, $"0x{descriptor:x} was expected, 0x{code:x} came: {Convert.ToHexString(body)}");
                return body;
            }
        }
    }

    private async Task<byte[]> ReadAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        while (true)
        {
            var read = await connection.FromServer.ReadAsync(limit.Token);
            var buffer = read.Buffer;
            if (AmqpFrame.TryRead(ref buffer, 1 << 20, out var frame, out _))
            {
                var body = frame.Body.ToArray();
                connection.FromServer.AdvanceTo(buffer.Start);
                if (body.Length > 0)
                {
                    return body;
                }

                continue;
            }

            connection.FromServer.AdvanceTo(buffer.Start, buffer.End);
            Assert.False(read.IsCompleted, "The server closed the connection.");
        }
    }
}
