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
    private const int NotBegun = -1;

    private static readonly HubError[] Errors =
        [HubErrors.GatewayTimeout, HubErrors.GenericBadGateway, HubErrors.DeviceMaximumInflightMethodExceeded];

    // key: identity; payload: id, patience in ms
    internal static Signal Asked(HubName hub, IdentityKey identity, Guid id, TimeSpan patience)
    {
        var payload = new byte[IdBytes + 4];
        id.TryWriteBytes(payload);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(IdBytes), (int)patience.TotalMilliseconds);
        return new Signal(SignalSubjects.MethodAsked, hub.Value, identity.ToString()) { Payload = payload };
    }

    internal static bool TryReadAsked(in Signal signal, out Asking asking)
    {
        asking = default;
        if (signal.Payload.Length != IdBytes + 4 || !TryReadNames(signal, out var hub, out var identity))
        {
            return false;
        }

        var patience = BinaryPrimitives.ReadInt32BigEndian(signal.Payload.Span[IdBytes..]);
        asking = new Asking(hub, identity, new Guid(signal.Payload.Span[..IdBytes]), TimeSpan.FromMilliseconds(Math.Clamp(patience, 0, 300_000)));
        return true;
    }

    // key: id; payload: node
    internal static Signal Offered(HubName hub, Guid id, Guid node) => new(SignalSubjects.MethodOffered, hub.Value, id.ToString("N")) { Payload = node.ToByteArray() };

    internal static bool TryReadOffered(in Signal signal, out Guid id, out Guid node)
    {
        node = signal.Payload.Length == IdBytes ? new Guid(signal.Payload.Span) : default;
        return Guid.TryParseExact(signal.Key, "N", out id) && signal.Payload.Length == IdBytes;
    }

    // key: identity; payload: id, node, time-out in ms, length of the name, name, payload
    internal static Signal Started(HubName hub, IdentityKey identity, Guid node, in MethodRequest request, TimeSpan timeout)
    {
        var payload = new byte[(2 * IdBytes) + 5 + request.Name.Length + request.Payload.Length];
        request.Id.TryWriteBytes(payload);
        node.TryWriteBytes(payload.AsSpan(IdBytes));
        var rest = payload.AsSpan(2 * IdBytes);
        BinaryPrimitives.WriteInt32BigEndian(rest, (int)timeout.TotalMilliseconds);
        rest[4] = (byte)request.Name.Length;
        Encoding.ASCII.GetBytes(request.Name, rest[5..]);
        request.Payload.Span.CopyTo(rest[(5 + request.Name.Length)..]);
        return new Signal(SignalSubjects.MethodStarted, hub.Value, identity.ToString()) { Payload = payload };
    }

    internal static bool TryReadStarted(in Signal signal, out Starting starting)
    {
        starting = default;
        const int head = (2 * IdBytes) + 5;
        if (signal.Payload.Length < head || !TryReadNames(signal, out var hub, out var identity))
        {
            return false;
        }

        var bytes = signal.Payload.Span;
        var nameLength = bytes[head - 1];
        if (bytes.Length < head + nameLength)
        {
            return false;
        }

        var timeout = Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(bytes[(2 * IdBytes)..]), 0, 300_000);
        var request = new MethodRequest(new Guid(bytes[..IdBytes]), Encoding.ASCII.GetString(bytes.Slice(head, nameLength)), signal.Payload[(head + nameLength)..]);
        starting = new Starting(hub, identity, new Guid(bytes.Slice(IdBytes, IdBytes)), request, TimeSpan.FromMilliseconds(timeout));
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

    private static bool TryReadNames(in Signal signal, out HubName hub, out IdentityKey identity)
    {
        identity = default;
        return HubName.TryParse(signal.Hub, out hub) && IdentityKey.TryParse(signal.Key, out identity);
    }

    internal readonly record struct Asking(HubName Hub, IdentityKey Identity, Guid Id, TimeSpan Patience);

    internal readonly record struct Starting(HubName Hub, IdentityKey Identity, Guid Node, MethodRequest Request, TimeSpan Timeout);
}
