using System.Buffers;
using Gatehouse.Wire.Amqp;

namespace Gatehouse.Transport.Amqp.Sasl;

/// <summary>From the first byte to the AMQP header: with SASL or without, on one port. Nothing is written before the client's header, and after SASL not before its second.</summary>
/// <remarks>Source: AMQP 1.0 §2.2 and §5.3; device-plane §2.1 of the wire reference. Clients that share a segment between outcome and our header were seen to hang otherwise.</remarks>
internal sealed class Negotiation(ClientConnection connection, AmqpParts parts, AmqpPeer peer)
{
    private readonly AmqpBuffer buffer = new();

    /// <summary>True when AMQP frames follow.</summary>
    internal async ValueTask<bool> RunAsync()
    {
        switch (await ReadHeaderAsync())
        {
            case ProtocolKind.Amqp:
                break;
            case ProtocolKind.Sasl when await AuthenticateAsync():
                if (await ReadHeaderAsync() == ProtocolKind.Amqp)
                {
                    break;
                }

                await WriteHeaderAsync();
                return false;
            case ProtocolKind.Sasl or null:
                return false;
            default:
                // What it may speak here (AMQP 1.0 §2.2).
                await WriteHeaderAsync();
                return false;
        }

        await WriteHeaderAsync();
        buffer.Release();
        return true;
    }

    private async ValueTask<bool> AuthenticateAsync()
    {
        string[] names = [.. connection.Peer.Certificate is null ? Array.Empty<string>() : ["EXTERNAL"], "MSSBCBS", "PLAIN", "ANONYMOUS", .. parts.Realm is null ? Array.Empty<string>() : ["TPM"]];
        buffer.Write(ProtocolHeader.Sasl);
        WriteFrame(new SaslMechanisms { Mechanisms = names }.Write);
        await FlushAsync();
        if (await ReadFrameAsync() is not { } first || !SaslInit.TryRead(first, out var init, out _))
        {
            return false;
        }

        var mechanism = names.Contains(init.Mechanism, StringComparer.Ordinal) ? Make(init.Mechanism) : null;
        var step = mechanism is null ? new SaslStep.Refused() : await mechanism.StepAsync(init.InitialResponse ?? [], CancellationToken.None);
        while (step is SaslStep.Challenge challenge)
        {
            WriteFrame(new SaslChallenge { Challenge = challenge.Bytes }.Write);
            await FlushAsync();
            step = await ReadFrameAsync() is { } next && SaslResponse.TryRead(next, out var response, out _)
                ? await mechanism!.StepAsync(response.Response, CancellationToken.None)
                : new SaslStep.Refused();
        }

        WriteFrame(new SaslOutcome { Code = step is SaslStep.Accepted ? SaslCode.Ok : SaslCode.Auth }.Write);
        await FlushAsync();
        if (step is SaslStep.Accepted { IsProved: true })
        {
            connection.MarkAuthenticated();
            peer.MarkProved();
        }

        return step is SaslStep.Accepted;
    }

    private SaslMechanism? Make(string name) => name switch
    {
        "PLAIN" => new PlainMechanism(peer, parts.Realm),
        "TPM" => parts.Realm?.OpenTpm(peer),
        "ANONYMOUS" or "MSSBCBS" or "EXTERNAL" => new LaterMechanism(),
        _ => null,
    };

    private async ValueTask<ProtocolKind?> ReadHeaderAsync()
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            var bytes = read.Buffer;
            if (bytes.Length >= ProtocolHeader.Bytes)
            {
                var kind = Kind(bytes.Slice(0, ProtocolHeader.Bytes));
                connection.Input.AdvanceTo(bytes.GetPosition(ProtocolHeader.Bytes));
                return kind;
            }

            connection.Input.AdvanceTo(bytes.Start, bytes.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    private static ProtocolKind Kind(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> header = stackalloc byte[ProtocolHeader.Bytes];
        bytes.CopyTo(header);
        return ProtocolHeader.TryRead(header, out var kind) ? kind : ProtocolKind.Unknown;
    }

    /// <summary>Body of the next SASL frame; null when there is none.</summary>
    private async ValueTask<byte[]?> ReadFrameAsync()
    {
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            var bytes = read.Buffer;
            if (AmqpFrame.TryRead(ref bytes, parts.Options.MaxSaslFrameBytes, out var frame, out var fault))
            {
                var body = frame.Type == AmqpFrame.SaslType ? frame.Body.ToArray() : null;
                connection.Input.AdvanceTo(bytes.Start);
                return body;
            }

            connection.Input.AdvanceTo(bytes.Start, bytes.End);
            if (read.IsCompleted || fault != AmqpFault.None)
            {
                return null;
            }
        }
    }

    private delegate void FrameWriter(AmqpWriter writer);

    private void WriteFrame(FrameWriter frame)
    {
        var writer = new AmqpWriter(buffer);
        var mark = writer.BeginFrame(0, AmqpFrame.SaslType);
        frame(writer);
        writer.EndFrame(mark);
    }

    private ValueTask WriteHeaderAsync()
    {
        buffer.Write(ProtocolHeader.Amqp);
        return FlushAsync();
    }

    private async ValueTask FlushAsync()
    {
        await connection.Output.WriteAsync(buffer.WrittenMemory);
        buffer.Clear();
    }
}
