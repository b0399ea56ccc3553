using System.Buffers.Binary;
using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Contracts.Signals;

namespace Gatehouse.Hub.Methods;

/// <summary>What nodes say to each other about methods, as signals. Numbers are big-endian; ids are 16 bytes. Pure.</summary>
internal static class MethodSignals
{
    private const int IdBytes = 16;
    private const int StartedHead = (2 * IdBytes) + 6;
    private const int NotBegun = -1;

    private static readonly HubError[] Errors =
        [HubErrors.GatewayTimeout, HubErrors.GenericBadGateway, HubErrors.DeviceMaximumInflightMethodExceeded];

    // key: identity; payload: id, patience in ms, generation
    internal static Signal Asked(in Callee callee, Guid id, TimeSpan patience)
    {
        var generation = callee.GenerationId ?? "";
        var payload = new byte[IdBytes + 4 + generation.Length];
        id.TryWriteBytes(payload);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(IdBytes), (int)patience.TotalMilliseconds);
        Encoding.ASCII.GetBytes(generation, payload.AsSpan(IdBytes + 4));
        return new Signal(SignalSubjects.MethodAsked, callee.Hub.Value, callee.Identity.ToString()) { Payload = payload };
    }

    internal static bool TryReadAsked(in Signal signal, out Asking asking)
    {
        asking = default;
        if (signal.Payload.Length < IdBytes + 4 || !TryReadCallee(signal, signal.Payload.Span[(IdBytes + 4)..], out var callee))
        {
            return false;
        }

        var patience = BinaryPrimitives.ReadInt32BigEndian(signal.Payload.Span[IdBytes..]);
        asking = new Asking(callee, new Guid(signal.Payload.Span[..IdBytes]), TimeSpan.FromMilliseconds(Math.Clamp(patience, 0, 300_000)));
        return true;
    }

    // key: id; payload: node
    internal static Signal Offered(HubName hub, Guid id, Guid node) => new(SignalSubjects.MethodOffered, hub.Value, id.ToString("N")) { Payload = node.ToByteArray() };

    internal static bool TryReadOffered(in Signal signal, out Guid id, out Guid node)
    {
        node = signal.Payload.Length == IdBytes ? new Guid(signal.Payload.Span) : default;
        return Guid.TryParseExact(signal.Key, "N", out id) && signal.Payload.Length == IdBytes;
    }

    // key: identity; payload: id, node, time-out in ms, lengths of name and generation, name, generation, payload
    internal static Signal Started(in Callee callee, Guid node, in MethodRequest request, TimeSpan timeout)
    {
        var generation = callee.GenerationId ?? "";
        var payload = new byte[StartedHead + request.Name.Length + generation.Length + request.Payload.Length];
        request.Id.TryWriteBytes(payload);
        node.TryWriteBytes(payload.AsSpan(IdBytes));
        var rest = payload.AsSpan(2 * IdBytes);
        BinaryPrimitives.WriteInt32BigEndian(rest, (int)timeout.TotalMilliseconds);
        (rest[4], rest[5]) = ((byte)request.Name.Length, (byte)generation.Length);
        Encoding.ASCII.GetBytes(request.Name + generation, rest[6..]);
        request.Payload.Span.CopyTo(rest[(6 + request.Name.Length + generation.Length)..]);
        return new Signal(SignalSubjects.MethodStarted, callee.Hub.Value, callee.Identity.ToString()) { Payload = payload };
    }

    internal static bool TryReadStarted(in Signal signal, out Starting starting)
    {
        starting = default;
        var bytes = signal.Payload.Span;
        if (bytes.Length < StartedHead)
        {
            return false;
        }

        var (name, generation) = (bytes[StartedHead - 2], bytes[StartedHead - 1]);
        var end = StartedHead + name + generation;
        if (bytes.Length < end || !TryReadCallee(signal, bytes.Slice(StartedHead + name, generation), out var callee))
        {
            return false;
        }

        var timeout = Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(bytes[(2 * IdBytes)..]), 0, 300_000);
        var request = new MethodRequest(new Guid(bytes[..IdBytes]), Encoding.ASCII.GetString(bytes.Slice(StartedHead, name)), signal.Payload[end..]);
        starting = new Starting(callee, new Guid(bytes.Slice(IdBytes, IdBytes)), request, TimeSpan.FromMilliseconds(timeout));
        return true;
    }

    // key: id; payload: code (0: an answer, -1: not begun), then status and payload, or the error's words
    internal static Signal Answered(HubName hub, Guid id, Result<MethodAnswer>? outcome)
    {
        var answer = outcome is { IsOk: true } good ? good.Value : null;
        var words = answer is null && outcome is { Error: { } error } ? Encoding.UTF8.GetBytes(error.Message) : [];
        var body = answer?.Payload ?? words;
        var payload = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(payload, outcome is { } told ? told.Error?.Code ?? 0 : NotBegun);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), answer?.Status ?? 0);
        body.Span.CopyTo(payload.AsSpan(8));
        return new Signal(SignalSubjects.MethodAnswered, hub.Value, id.ToString("N")) { Payload = payload };
    }

    internal static bool TryReadAnswered(in Signal signal, out Guid id, out Result<MethodAnswer>? outcome)
    {
        outcome = null;
        if (!Guid.TryParseExact(signal.Key, "N", out id) || signal.Payload.Length < 8)
        {
            return false;
        }

        var code = BinaryPrimitives.ReadInt32BigEndian(signal.Payload.Span);
        var body = signal.Payload[8..];
        outcome = code switch
        {
            NotBegun => null,
            0 => new MethodAnswer(BinaryPrimitives.ReadInt32BigEndian(signal.Payload.Span[4..]), body),
            _ => (Array.Find(Errors, each => each.Code == code) ?? HubErrors.ServerError).With(Encoding.UTF8.GetString(body.Span)),
        };
        return true;
    }

    private static bool TryReadCallee(in Signal signal, ReadOnlySpan<byte> generation, out Callee callee)
    {
        IdentityKey identity = default;
        var isRead = HubName.TryParse(signal.Hub, out var hub) && IdentityKey.TryParse(signal.Key, out identity);
        callee = new Callee(hub, identity, generation.IsEmpty ? null : Encoding.ASCII.GetString(generation));
        return isRead;
    }

    internal readonly record struct Asking(Callee Callee, Guid Id, TimeSpan Patience);

    internal readonly record struct Starting(Callee Callee, Guid Node, MethodRequest Request, TimeSpan Timeout);
}
